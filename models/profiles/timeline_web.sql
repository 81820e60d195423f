-- One row per thing that happened on the web or in an app, for the timeline.
{{ config(materialized='view') }}

with behaviour as (
    select
        'events' as event_source,
        events.message_id as event_id,
        events.profile_id,
        events.identifier_key,
        events.session_id,
        coalesce(events.order_id, events.cart_id, events.product_id, events.page_path) as object_id,
        events.product_id,
        'first' as data_party,
        coalesce(products.category, events.product_category) as category,
        case events.event_type when 'screen' then 'app' else 'web' end as channel,
        events.event_type,
        coalesce(events.event_name, events.event_type) as event_name,
        events.currency,
        events.event_amount,
        events.occurred_at
    from {{ ref('session_events') }} as events
    left join {{ ref('products') }} as products on events.product_id = products.product_id
)

select * from behaviour
