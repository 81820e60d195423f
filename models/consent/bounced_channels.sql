-- One row per profile and channel on which nothing arrives: the last message to every address of theirs came back.
with addresses as (
    select
        identifiers.profile_id,
        channels.channel,
        unreachable.message_event_id,
        unreachable.bounced_at,
        row_number() over (
            partition by identifiers.profile_id, channels.channel
            order by
                case when unreachable.identifier_key is null then 0 else 1 end,
                unreachable.bounced_at desc,
                {{ byte_order('unreachable.message_event_id') }}
        ) as address_rank
    from {{ ref('identifiers') }} as identifiers
    inner join {{ ref('channels') }} as channels
        on identifiers.identifier_type = channels.contact_type and channels.is_ended_by_bounce
    left join {{ ref('unreachable_identifiers') }} as unreachable
        on identifiers.identifier_key = unreachable.identifier_key
),

-- First stand the addresses that are reached, if there are any.
bounced_channels as (
    select
        profile_id,
        channel,
        message_event_id,
        bounced_at
    from addresses
    where address_rank = 1 and message_event_id is not null
)

select * from bounced_channels
