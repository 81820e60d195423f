-- One row per source record and identifier in it.
{{ config(access='protected') }}

with door as (
    select * from {{ ref('identity_door') }}
    -- What a steward decides about an identifier is no sighting of it.
    where data_party <> 'steward'
),

forms as (
    select identifier_type, raw_value, country, identifier_key, rejected_reason
    from {{ ref('identifier_forms') }}
    where identifier_key is not null
),

types as (
    select identifier_type, strength from {{ ref('identifier_types') }}
),

values_blocked_by_stewards as (
    select distinct identifier_key_a as identifier_key
    from {{ ref('identity_overrides') }}
    where action = 'block' and identifier_key_a is not null
),

observations as (
    select
        door.record_source,
        door.record_id,
        forms.identifier_key,
        door.identifier_type,
        door.data_party,
        min(case when blocked.identifier_key is null then forms.rejected_reason else 'blocked_value' end)
            as rejected_reason,
        min(types.strength) as strength,
        min(door.confidence) as confidence,
        min(door.first_seen_at) as first_seen_at,
        max(door.last_seen_at) as last_seen_at,
        min(door.loaded_at) as loaded_at
    from door
    inner join forms
        on
            door.identifier_type = forms.identifier_type
            and door.raw_value = forms.raw_value
            and door.country = forms.country
    inner join types on door.identifier_type = types.identifier_type
    left join values_blocked_by_stewards as blocked on forms.identifier_key = blocked.identifier_key
    group by
        door.record_source,
        door.record_id,
        forms.identifier_key,
        door.identifier_type,
        door.data_party
)

select * from observations
