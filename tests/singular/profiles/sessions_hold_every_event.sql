-- Fails if the sessions together don't hold every web and app event exactly once.
with of_sessions as (
    select coalesce(sum(event_count), 0) as event_count from {{ ref('sessions') }}
),

of_events as (
    select count(*) as event_count from {{ ref('events') }}
    where event_source = 'events'
),

differences as (
    select
        of_sessions.event_count as session_event_count,
        of_events.event_count
    from of_sessions
    cross join of_events
    where of_sessions.event_count <> of_events.event_count
)

select * from differences
