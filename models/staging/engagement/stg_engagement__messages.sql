-- One row per message sent to one recipient.
{{ config(materialized='incremental', unique_key='message_id') }}
with source as (
    select
        *,
        {{ version_rank('engagement', 'messages') }} as version_rank
    from {{ source('engagement', 'messages') }}
    where {{ is_readable('engagement', 'messages') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('message_id') }} as message_id,
        {{ scoped_id('campaign_id') }} as campaign_id,
        {{ try_to('text', 'user_id') }} as user_id,
        {{ try_to('text', 'channel') }} as message_channel,
        {{ try_to('text', 'recipient_email') }} as recipient_email,
        {{ try_to('text', 'recipient_phone') }} as recipient_phone,
        {{ try_to('timestamp', 'sent_at') }} as sent_at,
        _source_instance as source_instance,
        _source_file as source_file,
        _source_row as source_row,
        _loaded_at as loaded_at,
        {{ as_of() }} as staged_at
    from latest
),

unstaged as (
    select * from renamed
    where {{ is_newer_than_staged('message_id') }}
)

select * from unstaged
