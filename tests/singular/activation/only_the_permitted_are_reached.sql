-- Fails if somebody stands in the door to the destinations without a permission for that purpose and channel.
with reached as (
    select profile_id, purpose, channel from {{ ref('activation_door') }}
),

unpermitted as (
    select reached.*
    from reached
    left join {{ ref('permissions') }} as permissions
        on
            reached.profile_id = permissions.profile_id
            and reached.purpose = permissions.purpose
            and reached.channel = permissions.channel
            and permissions.is_allowed
    where permissions.profile_id is null
)

select * from unpermitted
