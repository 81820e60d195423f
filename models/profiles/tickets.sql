-- One row per support ticket.
{{ config(access='public') }}

with staged_tickets as (
    select
        ticket_id,
        ticket_channel,
        category,
        priority,
        ticket_status,
        resolution,
        csat_score,
        coalesce(opened_at, loaded_at) as opened_at,
        first_reply_at,
        solved_at
    from {{ ref('stg_support__tickets') }}
),

tickets as (
    select
        tickets.ticket_id,
        door.profile_id,
        door.identifier_key,
        tickets.ticket_channel,
        tickets.category,
        tickets.priority,
        tickets.ticket_status,
        tickets.resolution,
        tickets.csat_score,
        cast(
            {{ dbt.datediff('tickets.opened_at', 'tickets.first_reply_at', 'minute') }}
            as bigint
        ) as first_reply_minutes,
        cast(
            {{ dbt.datediff('tickets.opened_at', 'tickets.solved_at', 'minute') }}
            as bigint
        ) as solved_minutes,
        tickets.solved_at is null and coalesce(tickets.ticket_status, '') not in ('solved', 'closed') as is_open,
        tickets.opened_at,
        tickets.first_reply_at,
        tickets.solved_at
    from staged_tickets as tickets
    left join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_support__tickets' and tickets.ticket_id = door.record_id
)

select * from tickets
