-- One row per identifier whose last message came back, at once or after it was taken for delivered.
with answers as (
    select
        records.identifier_key,
        max(case when answers.message_event_type = 'bounced' then answers.occurred_at end) as bounced_at,
        max(case when answers.message_event_type in ('delivered', 'opened', 'clicked') then answers.occurred_at end)
            as reached_at
    from {{ ref('stg_engagement__message_events') }} as answers
    inner join {{ ref('identifier_observations') }} as records
        on records.record_source = 'stg_engagement__messages' and answers.message_id = records.record_id
    where records.identifier_type in ('email', 'phone')
    group by records.identifier_key
),

unreachable as (
    select identifier_key, bounced_at from answers
    where bounced_at is not null and (reached_at is null or reached_at <= bounced_at)
)

select * from unreachable
