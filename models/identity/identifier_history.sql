-- One row per identifier and period in which it belonged to one profile.
{{ config(access='public', materialized='incremental', unique_key='identifier_key') }}

with changed_identifiers as (
    select distinct identifier_key from {{ ref('identity_assignments') }}
    where generation > {{ last_version(this, 'generation', ref('identity_assignments')) }}
),

periods as (
    select
        assignments.identifier_key,
        assignments.profile_id,
        assignments.run_id,
        assignments.cause,
        assignments.generation,
        assignments.occurred_at as valid_from,
        lead(assignments.occurred_at) over (
            partition by assignments.identifier_key order by assignments.generation
        ) as valid_to
    from {{ ref('identity_assignments') }} as assignments
    inner join changed_identifiers on assignments.identifier_key = changed_identifiers.identifier_key
),

-- What two builds by one clock changed and changed back was true for no time.
history as (
    select
        identifier_key,
        profile_id,
        run_id,
        valid_from,
        cause,
        generation,
        valid_to is null as is_current,
        valid_to
    from periods
    where profile_id is not null and (valid_to is null or valid_to > valid_from)
)

select * from history
