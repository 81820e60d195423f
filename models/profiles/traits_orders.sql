-- One row per profile that bought: how often, for how much, when.
with orders as (
    select profile_id, net_project_amount, ordered_at
    from {{ ref('orders') }}
    where profile_id is not null and coalesce(order_status, '') not in ('cancelled', 'failed')
),

traits as (
    select
        profile_id,
        cast(count(*) as integer) as order_count,
        cast(sum(case when net_project_amount is null then 1 else 0 end) as integer) as unpriced_order_count,
        cast(coalesce(sum(net_project_amount), 0) as numeric(28, 6)) as net_revenue_amount,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at
    from orders
    group by profile_id
)

select * from traits
