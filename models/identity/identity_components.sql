-- One row per identifier: the component of linked identifiers that it belongs to.
with placed_identifiers as (
    select
        members.identifier_key,
        coalesce(devices.component_key, members.person_key) as component_key,
        members.is_seen,
        members.is_held_back or coalesce(devices.is_held_back, false) as is_held_back
    from {{ ref('person_members') }} as members
    left join {{ ref('device_components') }} as devices on members.person_key = devices.node_key
)

select * from placed_identifiers
