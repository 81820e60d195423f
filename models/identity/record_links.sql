-- One row per source record and link that it speaks or spoke for: a star from its strongest identifier to the others.
{{ config(materialized='incremental', unique_key=['record_source', 'record_id']) }}

with dirty_records as (
    select record_source, record_id, identifier_key, version from {{ ref('record_anchors') }}
    where version > {{ last_version(this, 'version', ref('record_anchors')) }}
),

statuses as (
    select identifier_key, is_blocked from {{ ref('unusable_identifiers') }}
    where identifier_key <> ''
),

-- k - 1 links of k identifiers, never all pairs.
links_now as (
    select
        journal.record_source,
        journal.record_id,
        least(dirty_records.identifier_key, journal.identifier_key) as identifier_key_a,
        greatest(dirty_records.identifier_key, journal.identifier_key) as identifier_key_b,
        case when journal.data_party = 'first' then 'same_record' else 'third_party_record' end as link_rule,
        case when statuses.is_blocked then 'blocked_value' end as rejected_reason,
        journal.confidence,
        journal.first_seen_at,
        journal.last_seen_at,
        journal.loaded_at,
        dirty_records.version
    from dirty_records
    inner join {{ ref('observation_journal') }} as journal
        on
            dirty_records.record_source = journal.record_source
            and dirty_records.record_id = journal.record_id
            and dirty_records.identifier_key <> journal.identifier_key
    left join statuses on journal.identifier_key = statuses.identifier_key
    where journal.is_current
),

links_before as (
    {{ rows_so_far(this, {
        'record_source': dbt.type_string(), 'record_id': dbt.type_string(), 'identifier_key_a': dbt.type_string(),
        'identifier_key_b': dbt.type_string(), 'link_rule': dbt.type_string(), 'rejected_reason': dbt.type_string(),
        'confidence': 'numeric(28, 6)', 'first_seen_at': 'timestamp', 'last_seen_at': 'timestamp',
        'loaded_at': 'timestamp',
    }) }}
),

links_no_more as (
    select
        links_before.*,
        dirty_records.version,
        false as is_current
    from links_before
    inner join dirty_records
        on
            links_before.record_source = dirty_records.record_source
            and links_before.record_id = dirty_records.record_id
    left join links_now
        on
            links_before.record_source = links_now.record_source
            and links_before.record_id = links_now.record_id
            and links_before.identifier_key_a = links_now.identifier_key_a
            and links_before.identifier_key_b = links_now.identifier_key_b
    where links_now.record_id is null
),

links as (
    select
        *,
        true as is_current
    from links_now
    union all
    select * from links_no_more
)

select * from links
