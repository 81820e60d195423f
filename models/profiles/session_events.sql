-- One row per web or app event: what it tells of its session, and whose it is.
{{ config(materialized='incremental', unique_key='message_id') }}
{%- set since = last_change(this) -%}

with events as (
    select * from {{ ref('stg_events__events') }}
),

places as (
    select * from {{ ref('event_sessions') }}
),

door as (
    select record_id, identifier_key, profile_id from {{ ref('profiles_door') }}
    where record_source = 'stg_events__events'
),

{% if since %}
    last_events as (
        {{ rows_so_far(this, {
            'message_id': dbt.type_string(), 'profile_id': dbt.type_string(), 'identifier_key': dbt.type_string(),
        }) }}
    ),

    changed_events as (
        select message_id from events
        where {{ has_changed_since(since, 'staged_at') }}
        union
        select message_id from places
        where {{ has_changed_since(since, 'changed_at') }}
        union
        -- Identifiers that moved take their events with them.
        select last_events.message_id
        from last_events
        left join door on last_events.message_id = door.record_id
        where
            coalesce(last_events.profile_id, '') <> coalesce(door.profile_id, '')
            or coalesce(last_events.identifier_key, '') <> coalesce(door.identifier_key, '')
    ),
{% endif %}

session_events as (
    select
        events.message_id,
        places.session_id,
        door.profile_id,
        door.identifier_key,
        places.visitor_key,
        events.event_type,
        events.event_name,
        events.page_path,
        events.page_title,
        -- Only the site: what follows in an address, but for the port, may hold anything.
        {{ dbt.split_part(regex_extract(
            dbt.split_part(dbt.split_part(dbt.split_part("lower(events.page_referrer)", "'://'", 2), "'/'", 1), "'?'", 1),
            '^[a-z0-9.-]+(:[0-9]+)?$'
        ), "':'", 1) }} as referrer_domain,
        events.utm_source,
        events.utm_medium,
        events.utm_campaign,
        events.product_id,
        events.order_id,
        events.cart_id,
        events.product_category,
        events.currency,
        upper(events.country) as country,
        {{ device_type('events.user_agent') }} as device_type,
        places.session_position,
        places.session_page_number,
        coalesce(events.total_amount, events.price_amount) as event_amount,
        events.event_type in ('page', 'screen') as is_page_view,
        events.occurred_at,
        {{ as_of() }} as changed_at
    from events
    inner join places on events.message_id = places.message_id
    left join door on events.message_id = door.record_id
    {% if since %}
        inner join changed_events on events.message_id = changed_events.message_id
    {% endif %}
)

select * from session_events
