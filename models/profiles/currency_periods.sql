-- One row per currency and period with one rate into the project currency.
with rates as (
    select currency, project_currency_rate, cast(valid_from as timestamp) as valid_from
    from {{ ref('currency_rates') }}
    where currency <> '{{ var("project_currency") }}'
    union all
    select
        '{{ var("project_currency") }}' as currency,
        1 as project_currency_rate,
        cast('1900-01-01' as timestamp) as valid_from
),

periods as (
    select
        currency,
        cast(project_currency_rate as numeric(28, 6)) as project_currency_rate,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by currency order by valid_from), cast('9999-12-31' as timestamp)
        ) as valid_until
    from rates
)

select * from periods
