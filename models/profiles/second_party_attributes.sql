-- One row per identifier, partner and attribute that the partner says it has.
{{ config(access='public') }}

with second_party_attributes as (
    select
        door.identifier_key,
        partner_values.provider,
        door.profile_id,
        partner_values.attribute,
        partner_values.attribute_value,
        partner_values.licensed_purposes,
        partner_values.is_current,
        partner_values.observed_at,
        partner_values.expires_at
    from {{ ref('partner_values') }} as partner_values
    inner join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_partner__attributes' and partner_values.record_id = door.record_id
    where partner_values.attribute in ('{{ var("second_party_attributes") | join("', '") }}')
)

select * from second_party_attributes
