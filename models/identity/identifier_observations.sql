-- One row per source record and identifier in it.
{{ config(access='protected') }}

with door as (
    select * from {{ ref('identity_door') }}
),

forms as (
    select identifier_type, raw_value, country, identifier_key, rejected_reason
    from {{ ref('identifier_forms') }}
    where identifier_key is not null
),

types as (
    select identifier_type, strength from {{ ref('identifier_types') }}
),

observations as (
    select
        door.record_source,
        door.record_id,
        forms.identifier_key,
        door.identifier_type,
        door.data_party,
        forms.rejected_reason,
        min(types.strength) as strength,
        min(door.seen_at) as first_seen_at,
        max(door.seen_at) as last_seen_at
    from door
    inner join forms
        on
            door.identifier_type = forms.identifier_type
            and door.raw_value = forms.raw_value
            and door.country = forms.country
    inner join types on door.identifier_type = types.identifier_type
    group by
        door.record_source,
        door.record_id,
        forms.identifier_key,
        door.identifier_type,
        door.data_party,
        forms.rejected_reason
)

select * from observations
