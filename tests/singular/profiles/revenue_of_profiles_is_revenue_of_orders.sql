-- Fails if the orders or the revenue of all profiles are not those of all orders that name somebody.
with of_profiles as (
    select sum(order_count) as order_count, sum(net_revenue_amount) as net_revenue_amount from {{ ref('profiles') }}
),

of_orders as (
    select count(*) as order_count, coalesce(sum(net_project_amount), 0) as net_revenue_amount
    from {{ ref('orders') }}
    where is_valid and profile_id is not null
),

differences as (
    select
        of_profiles.order_count as profile_order_count,
        of_orders.order_count,
        of_profiles.net_revenue_amount as profile_revenue_amount,
        of_orders.net_revenue_amount
    from of_profiles
    cross join of_orders
    where
        coalesce(of_profiles.order_count, 0) <> of_orders.order_count
        or coalesce(of_profiles.net_revenue_amount, 0) <> of_orders.net_revenue_amount
)

select * from differences
