-- One row per purpose, channel and address at which somebody must not be reached.
with addresses as (
    select
        channels.channel,
        points.profile_id,
        points.contact_value as address
    from {{ ref('contact_points') }} as points
    inner join {{ ref('channels') }} as channels on points.contact_type = channels.contact_type
),

-- What begins to hold later was never refused.
refused_addresses as (
    select
        permissions.purpose,
        permissions.channel,
        addresses.address,
        permissions.profile_id,
        permissions.reason,
        row_number() over (
            partition by permissions.purpose, permissions.channel, addresses.address
            order by permissions.profile_id
        ) as place
    from {{ ref('permissions') }} as permissions
    inner join addresses
        on permissions.profile_id = addresses.profile_id and permissions.channel = addresses.channel
    where not permissions.is_allowed and permissions.reason <> 'not_yet_valid'
),

refusals as (
    select
        purpose,
        channel,
        address,
        profile_id,
        reason
    from refused_addresses
    where place = 1
)

select * from refusals
