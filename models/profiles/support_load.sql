-- One row per month, category and channel of tickets: how many, how fast, how content.
{{ config(access='public') }}

with support_load as (
    select
        cast({{ dbt.date_trunc('month', 'opened_at') }} as date) as month_date,
        coalesce(category, '(none)') as category,
        coalesce(ticket_channel, '(none)') as ticket_channel,
        count(*) as ticket_count,
        count(distinct profile_id) as profile_count,
        count(solved_at) as solved_count,
        count(case when is_open then 1 end) as open_count,
        cast(avg(first_reply_minutes) as numeric(28, 6)) as average_first_reply_minutes,
        cast(avg(solved_minutes) as numeric(28, 6)) as average_solved_minutes,
        cast(avg(csat_score) as numeric(28, 6)) as average_csat_score
    from {{ ref('tickets') }}
    group by 1, 2, 3
)

select * from support_load
