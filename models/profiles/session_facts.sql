-- One row per session; and, without events, one per visitor whose every event turned out to be another's.
-- A late event may end, join or rename the sessions of its visitor, so all of them are told anew.
{{ config(materialized='incremental', unique_key='visitor_key') }}
{%- set since = last_change(this) -%}

with all_events as (
    select * from {{ ref('session_events') }}
),

last_visitors as (
    {{ rows_so_far(this, {'visitor_key': dbt.type_string(), 'event_count': 'integer'}) }}
),

touched_visitors as (
    select visitor_key from all_events
    where {{ has_changed_since(since, 'changed_at') }}
    union
    select last_visitors.visitor_key
    from last_visitors
    left join all_events on last_visitors.visitor_key = all_events.visitor_key
    where last_visitors.event_count > 0 and all_events.visitor_key is null
),

visitor_events as (
    select
        touched_visitors.visitor_key as touched_visitor_key,
        all_events.*
    from touched_visitors
    left join all_events on touched_visitors.visitor_key = all_events.visitor_key
),

events as (
    select
        *,
        row_number() over (
            partition by session_id
            order by case when profile_id is null then 1 else 0 end, session_position desc
        ) as identity_rank,
        row_number() over (
            partition by session_id
            order by case when page_path is null then 1 else 0 end, session_position
        ) as entry_rank,
        row_number() over (
            partition by session_id
            order by case when page_path is null then 1 else 0 end, session_position desc
        ) as exit_rank,
        row_number() over (
            partition by session_id
            order by
                case when coalesce(utm_source, utm_medium, utm_campaign) is null then 1 else 0 end,
                session_position
        ) as campaign_rank
    from visitor_events
),

session_facts as (
    select
        coalesce(session_id, touched_visitor_key) as session_id,
        touched_visitor_key as visitor_key,
        max(case when identity_rank = 1 then profile_id end) as profile_id,
        max(case when identity_rank = 1 then identifier_key end) as identifier_key,
        max(case when entry_rank = 1 then page_path end) as entry_page_path,
        max(case when exit_rank = 1 then page_path end) as exit_page_path,
        max(case when entry_rank = 1 then referrer_domain end) as referrer_domain,
        max(case when campaign_rank = 1 then utm_source end) as utm_source,
        max(case when campaign_rank = 1 then utm_medium end) as utm_medium,
        max(case when campaign_rank = 1 then utm_campaign end) as utm_campaign,
        max(country) as country,
        max(device_type) as device_type,
        cast(count(message_id) as integer) as event_count,
        cast(sum(case when is_page_view then 1 else 0 end) as integer) as page_view_count,
        cast(sum(case when event_name = 'Product Viewed' then 1 else 0 end) as integer) as product_view_count,
        cast(
            {{ dbt.datediff('min(occurred_at)', 'max(occurred_at)', 'second') }}
            as bigint
        ) as duration_s,
        count(message_id) = 1 as is_bounce,
        max(case when event_name = 'Order Completed' then 1 else 0 end) = 1 as has_order,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        {{ as_of() }} as changed_at
    from events
    group by session_id, touched_visitor_key
)

select * from session_facts
