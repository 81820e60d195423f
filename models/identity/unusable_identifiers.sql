-- One row per identifier that is or was blocked or shared by too many; one without a key says what was read so far.
{{ config(materialized='incremental', unique_key='identifier_key') }}

{%- set since = last_version(this, 'journal_version') -%}

with types as (
    select identifier_type, joins_people, strength, max_profiles_per_value from {{ ref('identifier_types') }}
),

blocked as (
    select identifier_key from {{ ref('blocked_identifiers') }}
),

statuses_so_far as (
    {{ rows_so_far(this, {
        'identifier_key': dbt.type_string(), 'is_blocked': 'boolean', 'is_shared': 'boolean',
    }) }}
),

blocked_so_far as (
    select identifier_key from statuses_so_far
    where is_blocked
),

newly_blocked_or_free as (
    select coalesce(blocked.identifier_key, blocked_so_far.identifier_key) as identifier_key
    from blocked
    full outer join blocked_so_far on blocked.identifier_key = blocked_so_far.identifier_key
    where blocked.identifier_key is null or blocked_so_far.identifier_key is null
),

-- Who stands beside a value that was blocked since is claimed by others now.
records_of_newly_blocked_or_free as (
    select distinct journal.record_source, journal.record_id
    from {{ ref('observation_journal') }} as journal
    inner join newly_blocked_or_free on journal.identifier_key = newly_blocked_or_free.identifier_key
    where journal.is_current
),

dirty_identifiers as (
    select distinct journal.identifier_key
    from {{ ref('observation_journal') }} as journal
    inner join types on journal.identifier_type = types.identifier_type
    left join records_of_newly_blocked_or_free as records
        on journal.record_source = records.record_source and journal.record_id = records.record_id
    where
        (journal.version > {{ since }} or records.record_id is not null)
        and journal.data_party = 'first'
        and types.max_profiles_per_value is not null
),

-- A value is claimed by the strongest identifier beside it in each of its records; a device claims none.
claims as (
    {{ value_claims_of_records(ref('observation_journal'), 'dirty_identifiers', 'blocked', 'types', since > 0) }}
),

shared as (
    select claims.identifier_key
    from claims
    inner join types on claims.identifier_type = types.identifier_type
    group by claims.identifier_key, types.max_profiles_per_value
    having count(claims.claimant_key) > types.max_profiles_per_value
),

found_identifiers as (
    select identifier_key from shared
    union
    select identifier_key from blocked
    union
    select identifier_key from blocked_so_far
    union
    select identifier_key from statuses_so_far
    where is_shared
),

statuses as (
    select
        found.identifier_key,
        blocked.identifier_key is not null as is_blocked,
        case
            when dirty_identifiers.identifier_key is not null then shared.identifier_key is not null
            else coalesce(statuses_so_far.is_shared, false)
        end as is_shared,
        coalesce(statuses_so_far.is_blocked, false) as was_blocked,
        coalesce(statuses_so_far.is_shared, false) as was_shared
    from found_identifiers as found
    left join blocked on found.identifier_key = blocked.identifier_key
    left join shared on found.identifier_key = shared.identifier_key
    left join statuses_so_far on found.identifier_key = statuses_so_far.identifier_key
    left join dirty_identifiers on found.identifier_key = dirty_identifiers.identifier_key
),

changed_statuses as (
    select
        identifier_key,
        is_blocked,
        is_shared,
        cast({{ last_version(this) + 1 }} as bigint) as version,
        cast(0 as bigint) as journal_version
    from statuses
    where is_blocked <> was_blocked or is_shared <> was_shared
    union all
    select
        '' as identifier_key,
        false as is_blocked,
        false as is_shared,
        cast(0 as bigint) as version,
        cast(coalesce(max(version), 0) as bigint) as journal_version
    from {{ ref('observation_journal') }}
)

select * from changed_statuses
