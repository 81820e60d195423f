-- One row per profile that bought: how often, for how much, what, how and when.
with orders as (
    select * from {{ ref('orders') }}
    where profile_id is not null and is_valid
),

per_profile as (
    select
        profile_id,
        cast(count(*) as integer) as order_count,
        cast(sum(case when order_source = 'pos' then 1 else 0 end) as integer) as store_order_count,
        cast(sum(case when net_project_amount is null then 1 else 0 end) as integer) as unpriced_order_count,
        cast(sum(case when coupon_code is not null then 1 else 0 end) as integer) as coupon_order_count,
        cast(sum(case when refunded_amount > 0 then 1 else 0 end) as integer) as refunded_order_count,
        cast(coalesce(sum(net_project_amount), 0) as numeric(28, 6)) as net_revenue_amount,
        cast(coalesce(sum(case when order_source = 'pos' then net_project_amount end), 0) as numeric(28, 6))
            as store_revenue_amount,
        cast(coalesce(sum(margin_project_amount), 0) as numeric(28, 6)) as margin_amount,
        cast(avg(net_project_amount) as numeric(28, 6)) as average_order_amount,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at
    from orders
    group by profile_id
),

ranked_categories as (
    select
        profile_id,
        category,
        row_number() over (
            partition by profile_id
            order by sum(coalesce(line_project_amount, 0)) desc, sum(quantity) desc, {{ byte_order('category') }}
        ) as category_rank
    from {{ ref('order_lines') }}
    where profile_id is not null and category is not null and is_valid
    group by profile_id, category
),

methods as (
    select distinct
        profile_id,
        payment_method
    from {{ ref('payments') }}
    where profile_id is not null and is_paid and payment_method is not null
),

methods_per_profile as (
    select
        profile_id,
        {{ dbt.listagg('payment_method', "', '", 'order by ' ~ byte_order('payment_method')) }} as payment_methods
    from methods
    group by profile_id
),

traits as (
    select
        per_profile.*,
        categories.category as favourite_category,
        methods.payment_methods
    from per_profile
    left join ranked_categories as categories
        on per_profile.profile_id = categories.profile_id and categories.category_rank = 1
    left join methods_per_profile as methods on per_profile.profile_id = methods.profile_id
)

select * from traits
