-- One row per message that tells what somebody chose in a consent banner, and category in it.
-- The row without a message remembers how far was read, so that events are not read again for want of a banner.
{{ config(materialized='incremental', unique_key='message_id') }}

with source as (
    select
        *,
        {{ version_rank('events', 'events') }} as version_rank
    from {{ source('events', 'events') }}
    where event = 'Segment Consent Preference Updated' and {{ is_readable('events', 'events') }}
),

latest as (
    select
        source.*,
        entries.entry_key,
        entries.entry_value
    from source
    {{ json_entries('context', 'consent.categoryPreferences') }}
    where source.version_rank = 1
),

-- A category that stands twice in one object is agreed to only if both say so.
renamed as (
    select
        {{ try_to('text', 'message_id') }} as message_id,
        -- An object without any category says no to all of them.
        coalesce({{ try_to('text', 'entry_key') }}, '') as category,
        _source_instance as source_instance,
        _source_file as source_file,
        _source_row as source_row,
        max(case when entry_value = 'true' then 0 else 1 end) = 0 as is_agreed,
        _loaded_at as loaded_at,
        {{ as_of() }} as staged_at
    from latest
    group by message_id, entry_key, _source_instance, _source_file, _source_row, _loaded_at
),

-- Of the version of the message that counts.
unstaged as (
    select * from renamed
    where
        exists (
            select 1 from {{ ref('stg_events__events') }} as events
            where
                events.message_id = renamed.message_id
                and events.source_file = renamed.source_file
                and events.source_row = renamed.source_row
                and events.loaded_at = renamed.loaded_at
        )
),

read_until as (
    select
        '' as message_id,
        '' as category,
        '' as source_instance,
        '' as source_file,
        cast(0 as bigint) as source_row,
        false as is_agreed,
        max(loaded_at) as loaded_at,
        {{ as_of() }} as staged_at
    from {{ ref('stg_events__events') }}
    having max(loaded_at) is not null
),

unstaged_and_mark as (
    select * from unstaged
    union all
    select * from read_until
)

select * from unstaged_and_mark
