-- One row per source record and identifier in it.
{{ config(materialized='view', access='protected') }}

with observations as (
    select
        journal.record_source,
        journal.record_id,
        journal.identifier_key,
        journal.identifier_type,
        journal.data_party,
        case when blocked.identifier_key is not null then 'blocked_value' end as rejected_reason,
        types.strength,
        journal.confidence,
        journal.first_seen_at,
        journal.last_seen_at,
        journal.loaded_at
    from {{ ref('observation_journal') }} as journal
    inner join {{ ref('identifier_types') }} as types on journal.identifier_type = types.identifier_type
    left join {{ ref('blocked_identifiers') }} as blocked on journal.identifier_key = blocked.identifier_key
    where journal.is_current
)

select * from observations
