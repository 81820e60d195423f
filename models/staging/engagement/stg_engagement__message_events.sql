-- One row per thing that happened to a sent message.
{{ config(materialized='incremental', unique_key='event_id') }}
with source as (
    select
        *,
        {{ version_rank('engagement', 'message_events') }} as version_rank
    from {{ source('engagement', 'message_events') }}
    where {{ is_readable('engagement', 'message_events') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('event_id') }} as event_id,
        {{ scoped_id('message_id') }} as message_id,
        {{ try_to('text', 'type') }} as message_event_type,
        {{ try_to('text', 'url') }} as url,
        {{ try_to('timestamp', 'occurred_at') }} as occurred_at,
        _source_instance as source_instance,
        _source_file as source_file,
        _source_row as source_row,
        _loaded_at as loaded_at,
        {{ as_of() }} as staged_at
    from latest
),

unstaged as (
    select * from renamed
    where {{ is_newer_than_staged('event_id') }}
)

select * from unstaged
