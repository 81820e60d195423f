-- One row per audience, channel and member who may be reached on it for the audience's purpose.
with permitted_members as (
    select
        members.audience,
        members.profile_id,
        members.purpose,
        permissions.channel,
        personal.profile_id is not null as is_personalisation_allowed
    from {{ ref('audience_members') }} as members
    inner join {{ ref('permissions') }} as permissions
        on
            members.profile_id = permissions.profile_id
            and members.purpose = permissions.purpose
            and permissions.is_allowed
    left join {{ ref('permissions') }} as personal
        on
            members.profile_id = personal.profile_id
            and permissions.channel = personal.channel
            and personal.purpose = 'personalisation'
            and personal.is_allowed
),

reachable_members as (
    select
        permitted.audience,
        permitted.channel,
        permitted.profile_id,
        permitted.purpose,
        contact.email,
        contact.phone,
        contact.first_name,
        contact.last_name,
        contact.city,
        contact.postcode,
        contact.country,
        permitted.is_personalisation_allowed
    from permitted_members as permitted
    left join {{ ref('primary_contact_points') }} as contact on permitted.profile_id = contact.profile_id
)

select * from reachable_members
