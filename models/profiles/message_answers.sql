-- One row per thing that happened to a message after it was sent: delivered, opened, clicked, bounced, ...
with answers as (
    select
        answers.event_id as message_event_id,
        answers.message_id,
        messages.profile_id,
        messages.identifier_key,
        messages.campaign_id,
        messages.message_channel,
        answers.message_event_type,
        coalesce(answers.occurred_at, answers.loaded_at) as occurred_at
    from {{ ref('stg_engagement__message_events') }} as answers
    left join {{ ref('messages') }} as messages on answers.message_id = messages.message_id
)

select * from answers
