-- One row per identifier whose last message came back, at once or after it was taken for delivered.
with answers as (
    select
        records.identifier_key,
        answers.event_id as message_event_id,
        lower(answers.message_event_type) as message_event_type,
        answers.occurred_at,
        answers.loaded_at
    from {{ ref('stg_engagement__message_events') }} as answers
    inner join {{ ref('identifier_observations') }} as records
        on records.record_source = 'stg_engagement__messages' and answers.message_id = records.record_id
    where records.identifier_type in ('email', 'phone')
),

arrivals as (
    select
        identifier_key,
        max(occurred_at) as reached_at
    from answers
    where message_event_type in ('delivered', 'opened', 'clicked')
    group by identifier_key
),

bounces as (
    select
        identifier_key,
        message_event_id,
        coalesce(occurred_at, loaded_at) as bounced_at,
        row_number() over (
            partition by identifier_key
            order by coalesce(occurred_at, loaded_at) desc, {{ byte_order('message_event_id') }}
        ) as recency
    from answers
    where message_event_type = 'bounced'
),

unreachable as (
    select
        bounces.identifier_key,
        bounces.message_event_id,
        bounces.bounced_at
    from bounces
    left join arrivals on bounces.identifier_key = arrivals.identifier_key
    where bounces.recency = 1 and coalesce(arrivals.reached_at <= bounces.bounced_at, true)
)

select * from unreachable
