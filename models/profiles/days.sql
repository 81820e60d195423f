-- One row per day, from the first day of the month of the first fact to today.
{{ config(access='public') }}

with fact_days as (
    select cast(ordered_at as date) as day_date from {{ ref('orders') }}
    union
    select cast(started_at as date) as day_date from {{ ref('sessions') }}
    union
    select cast(first_seen_at as date) as day_date from {{ ref('customers') }}
    union
    select {{ today() }} as day_date
),

bounds as (
    select cast({{ dbt.date_trunc('month', 'min(day_date)') }} as date) as first_date
    from fact_days
),

digits as (
    {% for digit in range(10) %}
        select {{ digit }} as digit
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- 0 to 99,999: 273 years.
numbers as (
    select
        ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit + 10000 * ten_thousands.digit
            as days_ago
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as ten_thousands
),

past_days as (
    select cast({{ dbt.dateadd('day', '-days_ago', today()) }} as date) as day_date
    from numbers
),

days_without_gap as (
    select past_days.day_date
    from past_days
    inner join bounds on past_days.day_date >= bounds.first_date
),

-- A fact with a date that is far off, or ahead of the clock, keeps its day: a total must not lose it.
days as (
    select day_date from days_without_gap
    union
    select day_date from fact_days
    where day_date is not null
)

select * from days
