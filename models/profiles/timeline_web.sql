-- One row per thing that happened on the web or in an app, for the timeline.
{{ config(materialized='view') }}

with behaviour as (
    select
        'events' as event_source,
        message_id as event_id,
        profile_id,
        identifier_key,
        session_id,
        coalesce(order_id, cart_id, product_id, page_path) as object_id,
        'first' as data_party,
        case event_type when 'screen' then 'app' else 'web' end as channel,
        event_type,
        coalesce(event_name, event_type) as event_name,
        currency,
        event_amount,
        occurred_at
    from {{ ref('session_events') }}
)

select * from behaviour
