-- One row per unsubscribe or complaint and purpose that it ends.
with channels as (
    select channel from {{ ref('channels') }}
),

ended_purposes as (
    select purpose from {{ ref('purposes') }}
    where is_ended_by_unsubscribe
),

answers as (
    select
        event_id,
        message_id,
        lower(message_event_type) as said,
        coalesce(occurred_at, loaded_at) as stated_at
    from {{ ref('stg_engagement__message_events') }}
    where lower(message_event_type) in ('unsubscribed', 'complained')
),

-- An unsubscribe is of the address that was written to; where the message doesn't tell, of whoever it names.
message_statements as (
    select
        answers.event_id as record_id,
        answers.message_id,
        ended_purposes.purpose,
        coalesce(channels.channel, '*') as channel,
        answers.said,
        case
            when messages.message_id is null then 'unknown_message'
            when channels.channel is null then 'unknown_channel'
        end as problem,
        case
            when channels.channel = 'email' and messages.recipient_email is not null then 'email'
            when channels.channel = 'sms' and messages.recipient_phone is not null then 'phone'
        end as identifier_type,
        answers.stated_at
    from answers
    cross join ended_purposes
    left join {{ ref('stg_engagement__messages') }} as messages on answers.message_id = messages.message_id
    left join channels on lower(messages.message_channel) = channels.channel
)

select * from message_statements
