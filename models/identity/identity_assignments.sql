-- One row per generation and identifier whose profile changed in it: the log that every id and its history come from.
{{ config(
    materialized='incremental', full_refresh=false, on_schema_change='append_new_columns', incremental_strategy='append'
) }}
{% do refuse_earlier_clock(this, 'occurred_at') %}

with log_rows as (
    {{ rows_so_far(this, {
        'identifier_key': dbt.type_string(), 'profile_id': dbt.type_string(), 'generation': 'bigint',
        'anchored_at': 'timestamp',
    }) }}
),

-- What only a steward named has no profile, and may yet be why two are one.
placed_or_named_identifiers as (
    select identifier_key, component_key, is_seen from {{ ref('identity_components') }}
),

placed_identifiers as (
    select identifier_key, component_key from placed_or_named_identifiers
    where is_seen
),

last_assignments as (
    {{ last_assignments('log_rows') }}
),

-- A component that holds what its profile held, all of it and nothing else, needs no second look.
unchanged_components as (
    {{ unchanged_components('placed_identifiers', 'last_assignments') }}
),

present_identifiers as (
    select
        placed.identifier_key,
        placed.component_key,
        seen.strength,
        seen.first_seen_at
    from placed_or_named_identifiers as placed
    left join {{ ref('seen_identifiers') }} as seen on placed.identifier_key = seen.identifier_key
    left join unchanged_components on placed.component_key = unchanged_components.component_key
    where unchanged_components.component_key is null
),

earlier_assignments as (
    select last_rows.identifier_key, last_rows.profile_id
    from last_assignments as last_rows
    left join placed_identifiers as placed on last_rows.identifier_key = placed.identifier_key
    left join unchanged_components on placed.component_key = unchanged_components.component_key
    where unchanged_components.component_key is null
),

minted_ids as (
    {{ minted_profile_ids('log_rows') }}
),

known_ids as (
    {{ known_profile_ids('present_identifiers', 'earlier_assignments', 'last_assignments', 'minted_ids', 'log_rows') }}
),

new_assignments as (
    {{ assign_profiles('present_identifiers', 'known_ids', 'minted_ids') }}
),

seen_assignments as (
    select * from new_assignments
    where is_seen
),

changes as (
    select
        coalesce(new_rows.identifier_key, last_rows.identifier_key) as identifier_key,
        new_rows.profile_id,
        last_rows.profile_id as last_profile_id,
        new_rows.anchored_at
    from seen_assignments as new_rows
    full outer join earlier_assignments as last_rows on new_rows.identifier_key = last_rows.identifier_key
    where
        (new_rows.profile_id is null and last_rows.profile_id is not null)
        or (new_rows.profile_id is not null and last_rows.profile_id is null)
        or new_rows.profile_id <> last_rows.profile_id
),

touched as (
    {{ touched_identifiers('changes', 'new_assignments', 'earlier_assignments') }}
),

causes as (
    {{ assignment_causes('changes', 'touched') }}
),

generations as (
    select coalesce(max(generation), 0) as last_generation from log_rows
),

assignments as (
    select
        changes.identifier_key,
        changes.profile_id,
        '{{ invocation_id }}' as run_id,
        causes.cause_key_a,
        causes.cause_key_b,
        case
            when changes.last_profile_id is null then 'first_seen'
            when changes.profile_id is null then 'no_longer_seen'
            else causes.cause
        end as cause,
        cast(generations.last_generation + 1 as bigint) as generation,
        changes.anchored_at,
        {{ as_of() }} as occurred_at
    from changes
    left join causes
        on changes.last_profile_id = causes.last_profile_id and changes.profile_id = causes.profile_id
    cross join generations
)

select * from assignments
