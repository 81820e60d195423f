-- One row per source record: the strongest identifier in it, if any can stand for somebody.
{{ config(materialized='incremental', unique_key=['record_source', 'record_id']) }}

{%- set since = last_version(this, 'journal_version') -%}
{%- set status_since = last_version(this, 'status_version') -%}

with journal as (
    select * from {{ ref('observation_journal') }}
),

statuses as (
    select identifier_key, is_blocked, is_shared, version from {{ ref('unusable_identifiers') }}
    where identifier_key <> ''
),

dirty_records as (
    select record_source, record_id from journal
    where version > {{ since }}
    union
    select journal.record_source, journal.record_id
    from journal
    inner join statuses on journal.identifier_key = statuses.identifier_key
    where statuses.version > {{ status_since }}
),

-- An address that hundreds share stands for a record only when nothing else does.
ranked_observations as (
    select
        journal.record_source,
        journal.record_id,
        journal.identifier_key,
        journal.identifier_type,
        journal.data_party,
        journal.last_seen_at as seen_at,
        row_number() over (
            partition by journal.record_source, journal.record_id
            order by
                case when coalesce(statuses.is_shared, false) then 1 else 0 end,
                types.strength,
                journal.identifier_key
        ) as strength_rank
    from journal
    inner join dirty_records
        on journal.record_source = dirty_records.record_source and journal.record_id = dirty_records.record_id
    inner join {{ ref('identifier_types') }} as types on journal.identifier_type = types.identifier_type
    left join statuses on journal.identifier_key = statuses.identifier_key
    where journal.is_current and not coalesce(statuses.is_blocked, false)
),

versions as (
    select
        cast({{ last_version(this) + 1 }} as bigint) as version,
        (select cast(coalesce(max(version), 0) as bigint) from journal) as journal_version,
        (select cast(coalesce(max(version), 0) as bigint) from statuses) as status_version
),

anchors as (
    select
        dirty_records.record_source,
        dirty_records.record_id,
        ranked.identifier_key,
        ranked.identifier_type,
        ranked.data_party,
        ranked.seen_at,
        versions.version,
        versions.journal_version,
        versions.status_version
    from dirty_records
    left join ranked_observations as ranked
        on
            dirty_records.record_source = ranked.record_source
            and dirty_records.record_id = ranked.record_id
            and ranked.strength_rank = 1
    cross join versions
)

select * from anchors
