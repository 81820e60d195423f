-- One row per purchase, online or in a store, as its source tells it.
with online_orders as (
    select
        'commerce' as order_source,
        order_id,
        'stg_commerce__orders' as record_source,
        cast(null as {{ dbt.type_string() }}) as store_id,
        cart_id,
        order_channel,
        order_status,
        currency,
        coupon_code,
        coalesce(discount_amount, 0) as discount_amount,
        coalesce(shipping_amount, 0) as shipping_amount,
        coalesce(tax_amount, 0) as tax_amount,
        total_amount,
        coalesce(order_status, '') not in ('cancelled', 'failed') as is_valid,
        coalesce(ordered_at, updated_at, loaded_at) as ordered_at
    from {{ ref('stg_commerce__orders') }}
),

-- What the till took is what was to be paid: its discounts and taxes are in the prices.
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
        cast(null as {{ dbt.type_string() }}) as coupon_code,
        0 as discount_amount,
        0 as shipping_amount,
        0 as tax_amount,
        total_amount,
        true as is_valid,
        coalesce(occurred_at, loaded_at) as ordered_at
    from {{ ref('stg_pos__transactions') }}
),

purchases as (
    select * from online_orders
    union all
    select * from store_purchases
)

select * from purchases
