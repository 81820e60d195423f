-- One row per thing that happened with support, for the timeline.
{{ config(materialized='view') }}

with opened_tickets as (
    select
        'support' as event_source,
        ticket_id as event_id,
        profile_id,
        identifier_key,
        cast(null as {{ dbt.type_string() }}) as session_id,
        ticket_id as object_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        'first' as data_party,
        cast(null as {{ dbt.type_string() }}) as category,
        ticket_channel as channel,
        'ticket' as event_type,
        'Ticket Opened' as event_name,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as numeric(28, 6)) as event_amount,
        opened_at as occurred_at
    from {{ ref('tickets') }}
),

solved_tickets as (
    select
        'support_solved' as event_source,
        ticket_id as event_id,
        profile_id,
        identifier_key,
        cast(null as {{ dbt.type_string() }}) as session_id,
        ticket_id as object_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        'first' as data_party,
        cast(null as {{ dbt.type_string() }}) as category,
        ticket_channel as channel,
        'ticket' as event_type,
        'Ticket Solved' as event_name,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as numeric(28, 6)) as event_amount,
        solved_at as occurred_at
    from {{ ref('tickets') }}
    where solved_at is not null
),

happenings as (
    select * from opened_tickets
    union all
    select * from solved_tickets
)

select * from happenings
