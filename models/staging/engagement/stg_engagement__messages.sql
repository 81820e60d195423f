-- One row per message sent to one recipient.
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
        _loaded_at as loaded_at
    from latest
)

select * from renamed
