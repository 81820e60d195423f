-- One row per identifier that records name or named: how many do, and when it was seen.
{{ config(materialized='incremental', unique_key='identifier_key') }}

with journal as (
    select * from {{ ref('observation_journal') }}
),

dirty_identifiers as (
    select
        identifier_key,
        identifier_type,
        max(version) as version
    from journal
    where version > {{ last_version(this, 'version', ref('observation_journal')) }}
    group by identifier_key, identifier_type
),

sightings as (
    select
        dirty_identifiers.identifier_key,
        dirty_identifiers.identifier_type,
        count(journal.record_id) as record_count,
        coalesce(max(case when journal.data_party = 'first' then 1 end), 0) = 1 as is_first_party,
        min(journal.first_seen_at) as first_seen_at,
        max(journal.last_seen_at) as last_seen_at,
        dirty_identifiers.version
    from dirty_identifiers
    left join journal on dirty_identifiers.identifier_key = journal.identifier_key and journal.is_current
    group by dirty_identifiers.identifier_key, dirty_identifiers.identifier_type, dirty_identifiers.version
)

select * from sightings
