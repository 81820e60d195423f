-- One row per message sent to somebody: e-mail, text message or push.
{{ config(access='public') }}

{% set message_events = ['delivered', 'opened', 'clicked', 'replied', 'bounced', 'complained', 'unsubscribed'] %}

with answers as (
    select
        {% for message_event in message_events %}
            min(case when message_event_type = '{{ message_event }}' then occurred_at end) as {{ message_event }}_at,
        {% endfor %}
        message_id
    from {{ ref('stg_engagement__message_events') }}
    group by message_id
),

messages as (
    select
        messages.message_id,
        door.profile_id,
        door.identifier_key,
        messages.campaign_id,
        messages.message_channel,
        campaigns.campaign_name,
        coalesce(messages.sent_at, messages.loaded_at) as sent_at,
        answers.delivered_at,
        answers.opened_at,
        answers.clicked_at,
        answers.replied_at,
        answers.bounced_at,
        answers.complained_at,
        answers.unsubscribed_at
    from {{ ref('stg_engagement__messages') }} as messages
    left join answers on messages.message_id = answers.message_id
    left join {{ ref('stg_engagement__campaigns') }} as campaigns on messages.campaign_id = campaigns.campaign_id
    left join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_engagement__messages' and messages.message_id = door.record_id
)

select * from messages
