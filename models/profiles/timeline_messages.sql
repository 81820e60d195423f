-- One row per thing that happened to a message, for the timeline.
{{ config(materialized='view') }}

with sent_messages as (
    select
        'engagement' as event_source,
        message_id as event_id,
        profile_id,
        identifier_key,
        cast(null as {{ dbt.type_string() }}) as session_id,
        campaign_id as object_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        'first' as data_party,
        cast(null as {{ dbt.type_string() }}) as category,
        message_channel as channel,
        'message' as event_type,
        'Message Sent' as event_name,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as numeric(28, 6)) as event_amount,
        sent_at as occurred_at
    from {{ ref('messages') }}
),

answers as (
    select
        'engagement_events' as event_source,
        message_event_id as event_id,
        profile_id,
        identifier_key,
        cast(null as {{ dbt.type_string() }}) as session_id,
        campaign_id as object_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        'first' as data_party,
        cast(null as {{ dbt.type_string() }}) as category,
        message_channel as channel,
        'message' as event_type,
        'Message ' || message_event_type as event_name,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as numeric(28, 6)) as event_amount,
        occurred_at
    from {{ ref('message_answers') }}
),

happenings as (
    select * from sent_messages
    union all
    select * from answers
)

select * from happenings
