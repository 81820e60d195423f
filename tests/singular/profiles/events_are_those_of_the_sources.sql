-- Fails if the timeline lost or doubled something: of each source it has as many rows as were staged.
with in_timeline as (
    select event_source, count(*) as event_count from {{ ref('events') }}
    group by event_source
),

in_sources as (
    select 'events' as event_source, count(*) as event_count from {{ ref('stg_events__events') }}
    union all
    select 'commerce' as event_source, count(*) as event_count from {{ ref('stg_commerce__orders') }}
    union all
    select 'pos' as event_source, count(*) as event_count from {{ ref('stg_pos__transactions') }}
    union all
    select 'support' as event_source, count(*) as event_count from {{ ref('stg_support__tickets') }}
    union all
    select 'engagement' as event_source, count(*) as event_count from {{ ref('stg_engagement__messages') }}
    union all
    select 'engagement_events' as event_source, count(*) as event_count from {{ ref('stg_engagement__message_events') }}
    union all
    select 'crm' as event_source, count(*) as event_count from {{ ref('stg_crm__activities') }}
),

differences as (
    select
        in_sources.event_source,
        in_sources.event_count as source_event_count,
        coalesce(in_timeline.event_count, 0) as event_count
    from in_sources
    left join in_timeline on in_sources.event_source = in_timeline.event_source
    where in_sources.event_count <> coalesce(in_timeline.event_count, 0)
)

select * from differences
