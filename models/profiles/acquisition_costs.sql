-- One row per month, source and campaign: what was spent, whom it brought, and what they have brought since.
{{ config(access='public') }}

with new_customers as (
    select
        cast({{ dbt.date_trunc('month', 'customers.first_ordered_at') }} as date) as month_date,
        coalesce(customers.acquisition_source, '(none)') as utm_source,
        coalesce(customers.acquisition_campaign, '(none)') as utm_campaign,
        count(*) as new_customer_count,
        sum(customers.net_revenue_amount) as net_revenue_amount,
        sum(customers.margin_amount) as margin_amount
    from {{ ref('customers') }} as customers
    where customers.first_ordered_at is not null
    group by 1, 2, 3
),

spend as (
    select
        cast({{ dbt.date_trunc('month', 'spend_date') }} as date) as month_date,
        coalesce(utm_source, platform, '(none)') as utm_source,
        coalesce(utm_campaign, '(none)') as utm_campaign,
        sum(cost_project_amount) as cost_amount,
        sum(click_count) as click_count
    from {{ ref('ad_spend') }}
    group by 1, 2, 3
),

acquisition_costs as (
    select
        coalesce(spend.month_date, new_customers.month_date) as month_date,
        coalesce(spend.utm_source, new_customers.utm_source) as utm_source,
        coalesce(spend.utm_campaign, new_customers.utm_campaign) as utm_campaign,
        cast(coalesce(spend.click_count, 0) as bigint) as click_count,
        cast(coalesce(new_customers.new_customer_count, 0) as bigint) as new_customer_count,
        cast(coalesce(spend.cost_amount, 0) as numeric(28, 6)) as cost_amount,
        cast(coalesce(new_customers.net_revenue_amount, 0) as numeric(28, 6)) as net_revenue_amount,
        cast(coalesce(new_customers.margin_amount, 0) as numeric(28, 6)) as margin_amount,
        cast(spend.cost_amount / nullif(new_customers.new_customer_count, 0) as numeric(28, 6))
            as cost_per_customer_amount,
        coalesce(new_customers.margin_amount, 0) >= coalesce(spend.cost_amount, 0) as is_paid_back
    from spend
    full outer join new_customers
        on
            spend.month_date = new_customers.month_date
            and spend.utm_source = new_customers.utm_source
            and spend.utm_campaign = new_customers.utm_campaign
)

select * from acquisition_costs
