-- One row per source record that speaks of somebody without being a sighting: the strongest identifier that it names.
{{ config(access='protected') }}

with ranked_identifiers as (
    select
        door.record_source,
        door.record_id,
        forms.identifier_key,
        row_number() over (
            partition by door.record_source, door.record_id order by types.strength, forms.identifier_key
        ) as strength_rank
    from {{ ref('identity_door') }} as door
    inner join {{ ref('identifier_forms') }} as forms
        on
            door.identifier_type = forms.identifier_type
            and door.raw_value = forms.raw_value
            and door.country = forms.country
    inner join {{ ref('identifier_types') }} as types on door.identifier_type = types.identifier_type
    where not door.is_sighting and forms.identifier_key is not null
),

strongest_identifiers as (
    select record_source, record_id, identifier_key from ranked_identifiers
    where strength_rank = 1
)

select * from strongest_identifiers
