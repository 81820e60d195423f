-- One row per web or app event: the session that it belongs to, and its place in it.
-- A visitor is a browser or app; who is behind it may change later without moving the session.
{{ config(materialized='incremental', unique_key='message_id') }}
{%- set since = last_change(this) -%}
{%- set by_time = 'order by occurred_at, ' ~ byte_order('message_id') -%}
{%- set so_far = by_time ~ ' rows unbounded preceding' -%}
{%- set in_session = 'partition by visitor, pause_number, change_number' -%}

with visits as (
    select
        message_id,
        coalesce(anonymous_id, device_id, user_id, message_id) as visitor,
        click_id,
        -- Its source, medium and name make a campaign; null where none of them is named.
        nullif(
            coalesce(utm_source, '') || '|' || coalesce(utm_medium, '') || '|' || coalesce(utm_campaign, ''), '||'
        ) as campaign,
        case when event_type in ('page', 'screen') then 1 else 0 end as page_view_count,
        occurred_at,
        staged_at
    from {{ ref('stg_events__events') }}
),

last_places as (
    {{ rows_so_far(this, {
        'message_id': dbt.type_string(), 'session_id': dbt.type_string(), 'visitor_key': dbt.type_string(),
        'session_position': 'integer', 'session_page_number': 'integer',
    }) }}
),

-- Whom an event was taken for before it came again may have lost it to another.
earlier_visitors as (
    select distinct last_places.visitor_key
    from last_places
    inner join visits on last_places.message_id = visits.message_id
    where {{ has_changed_since(since, 'visits.staged_at') }}
),

touched_visits as (
    {{ touched_visits('visits', 'last_places', 'earlier_visitors', since) }}
),

visits_in_parts as (
    {{ cut_sessions('touched_visits') }}
),

places as (
    select
        message_id,
        {{ dbt.hash("'session|' || first_value(message_id) over (" ~ in_session ~ ' ' ~ by_time ~ ")") }} as session_id,
        {{ dbt.hash("'visitor|' || visitor") }} as visitor_key,
        cast(row_number() over ({{ in_session }} {{ by_time }}) as integer) as session_position,
        cast(sum(page_view_count) over ({{ in_session }} {{ so_far }}) as integer) as session_page_number
    from visits_in_parts
),

event_sessions as (
    select
        places.*,
        {{ as_of() }} as changed_at
    from places
    left join last_places on places.message_id = last_places.message_id
    left join earlier_visitors on places.visitor_key = earlier_visitors.visitor_key
    where
        last_places.message_id is null
        or earlier_visitors.visitor_key is not null
        or places.session_id <> last_places.session_id
        or places.session_position <> last_places.session_position
        or places.session_page_number <> last_places.session_page_number
)

select * from event_sessions
