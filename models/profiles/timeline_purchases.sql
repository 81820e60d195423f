-- One row per thing that happened to a purchase, online or in a store, for the timeline.
{{ config(materialized='view') }}

with placed_orders as (
    select
        order_source as event_source,
        order_id as event_id,
        profile_id,
        identifier_key,
        cast(null as {{ dbt.type_string() }}) as session_id,
        order_id as object_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        'first' as data_party,
        cast(null as {{ dbt.type_string() }}) as category,
        order_channel as channel,
        'order' as event_type,
        'Order Placed' as event_name,
        currency,
        total_amount as event_amount,
        ordered_at as occurred_at
    from {{ ref('orders') }}
),

paid_refunds as (
    select
        'commerce_refunds' as event_source,
        refund_id as event_id,
        profile_id,
        cast(null as {{ dbt.type_string() }}) as identifier_key,
        cast(null as {{ dbt.type_string() }}) as session_id,
        order_id as object_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        'first' as data_party,
        cast(null as {{ dbt.type_string() }}) as category,
        'web' as channel,
        'refund' as event_type,
        'Order Refunded' as event_name,
        currency,
        refund_amount as event_amount,
        refunded_at as occurred_at
    from {{ ref('refunds') }}
),

happenings as (
    select * from placed_orders
    union all
    select * from paid_refunds
)

select * from happenings
