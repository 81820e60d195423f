-- One row per source record and identifier that it names or named: what it says, in the version that changed it last.
{{ config(materialized='incremental', unique_key=['record_source', 'record_id']) }}

with changed_records as (
    select record_source, record_id, version from {{ ref('identity_records') }}
    where version > {{ last_version(this, 'version', ref('identity_records')) }}
),

forms as (
    select identifier_type, raw_value, country, identifier_key
    from {{ ref('identifier_forms') }}
    where identifier_key is not null
),

said_now as (
    select
        door.record_source,
        door.record_id,
        forms.identifier_key,
        door.identifier_type,
        door.data_party,
        min(door.confidence) as confidence,
        min(door.first_seen_at) as first_seen_at,
        max(door.last_seen_at) as last_seen_at,
        min(door.loaded_at) as loaded_at,
        min(changed_records.version) as version
    from {{ ref('identity_door') }} as door
    inner join changed_records
        on door.record_source = changed_records.record_source and door.record_id = changed_records.record_id
    inner join forms
        on
            door.identifier_type = forms.identifier_type
            and door.raw_value = forms.raw_value
            and door.country = forms.country
    -- What a steward decides about an identifier, or a partner tells of it, is no sighting of it.
    where door.is_sighting
    group by
        door.record_source,
        door.record_id,
        forms.identifier_key,
        door.identifier_type,
        door.data_party
),

said_before as (
    {{ rows_so_far(this, {
        'record_source': dbt.type_string(), 'record_id': dbt.type_string(), 'identifier_key': dbt.type_string(),
        'identifier_type': dbt.type_string(), 'data_party': dbt.type_string(), 'confidence': 'numeric(28, 6)',
        'first_seen_at': 'timestamp', 'last_seen_at': 'timestamp', 'loaded_at': 'timestamp',
    }) }}
),

-- What a record says no more stays as such: its links have to go, and who reads the journal later must learn of it.
said_no_more as (
    select
        said_before.*,
        changed_records.version,
        false as is_current
    from said_before
    inner join changed_records
        on
            said_before.record_source = changed_records.record_source
            and said_before.record_id = changed_records.record_id
    left join said_now
        on
            said_before.record_source = said_now.record_source
            and said_before.record_id = said_now.record_id
            and said_before.identifier_key = said_now.identifier_key
    where said_now.identifier_key is null
),

journal as (
    select
        *,
        true as is_current
    from said_now
    union all
    select * from said_no_more
)

select * from journal
