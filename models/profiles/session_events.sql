-- One row per web or app event: what it tells of its session, and whose it is.
{{ config(materialized='view') }}

with session_events as (
    select
        events.message_id,
        places.session_id,
        door.profile_id,
        door.identifier_key,
        events.event_type,
        events.event_name,
        events.page_path,
        events.page_title,
        -- Only the site: what follows in an address may hold anything.
        {{ regex_extract(
            dbt.split_part(dbt.split_part(dbt.split_part("lower(events.page_referrer)", "'://'", 2), "'/'", 1), "'?'", 1),
            '^[a-z0-9.-]+$'
        ) }} as referrer_domain,
        events.utm_source,
        events.utm_medium,
        events.utm_campaign,
        events.product_id,
        events.order_id,
        events.cart_id,
        events.currency,
        upper(events.country) as country,
        {{ device_type('events.user_agent') }} as device_type,
        places.session_position,
        coalesce(events.total_amount, events.price_amount) as event_amount,
        events.event_type in ('page', 'screen') as is_page_view,
        events.occurred_at
    from {{ ref('stg_events__events') }} as events
    inner join {{ ref('event_sessions') }} as places on events.message_id = places.message_id
    left join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_events__events' and events.message_id = door.record_id
)

select * from session_events
