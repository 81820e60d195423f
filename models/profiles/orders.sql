-- One row per purchase, online or in a store.
{{ config(access='public') }}

with refunds_per_order as (
    select order_id, sum(refund_amount) as refunded_amount
    from {{ ref('stg_commerce__refunds') }}
    group by order_id
),

online_orders as (
    select
        'commerce' as order_source,
        orders.order_id,
        'stg_commerce__orders' as record_source,
        cast(null as {{ dbt.type_string() }}) as store_id,
        orders.cart_id,
        orders.order_channel,
        orders.order_status,
        orders.currency,
        orders.total_amount,
        coalesce(refunds.refunded_amount, 0) as refunded_amount,
        orders.ordered_at
    from {{ ref('stg_commerce__orders') }} as orders
    left join refunds_per_order as refunds on orders.order_id = refunds.order_id
),

store_purchases as (
    select
        'pos' as order_source,
        transaction_id as order_id,
        'stg_pos__transactions' as record_source,
        store_id,
        cast(null as {{ dbt.type_string() }}) as cart_id,
        'store' as order_channel,
        'completed' as order_status,
        currency,
        total_amount,
        0 as refunded_amount,
        occurred_at as ordered_at
    from {{ ref('stg_pos__transactions') }}
),

all_purchases as (
    select * from online_orders
    union all
    select * from store_purchases
),

-- The rate of the order's day: the newest one that was valid then.
rates_per_purchase as (
    select
        purchases.order_source,
        purchases.order_id,
        rates.project_currency_rate,
        row_number() over (
            partition by purchases.order_source, purchases.order_id order by rates.valid_from desc
        ) as recency
    from all_purchases as purchases
    inner join {{ ref('currency_rates') }} as rates
        on purchases.currency = rates.currency and purchases.ordered_at >= rates.valid_from
),

priced_purchases as (
    select
        purchases.*,
        case
            when purchases.currency = '{{ var("project_currency") }}' then 1
            else rates.project_currency_rate
        end as project_currency_rate
    from all_purchases as purchases
    left join rates_per_purchase as rates
        on
            purchases.order_source = rates.order_source
            and purchases.order_id = rates.order_id
            and rates.recency = 1
),

orders as (
    select
        purchases.order_source,
        purchases.order_id,
        door.profile_id,
        door.identifier_key,
        purchases.store_id,
        purchases.cart_id,
        purchases.order_channel,
        purchases.order_status,
        purchases.currency,
        cast(purchases.total_amount as numeric(28, 6)) as total_amount,
        cast(purchases.refunded_amount as numeric(28, 6)) as refunded_amount,
        cast(
            (purchases.total_amount - purchases.refunded_amount) * purchases.project_currency_rate as numeric(28, 6)
        ) as net_project_amount,
        purchases.ordered_at
    from priced_purchases as purchases
    left join {{ ref('profiles_door') }} as door
        on purchases.record_source = door.record_source and purchases.order_id = door.record_id
)

select * from orders
