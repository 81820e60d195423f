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

primary_contact_points as (
    select
        profile_id,
        max(case when contact_type = 'email' then contact_value end) as email,
        max(case when contact_type = 'phone' then contact_value end) as phone,
        max(case when contact_type = 'first_name' then contact_value end) as first_name,
        max(case when contact_type = 'last_name' then contact_value end) as last_name
    from {{ ref('contact_points') }}
    where is_primary
    group by profile_id
),

primary_places as (
    select
        profile_id,
        max(case when field = 'city' then field_value end) as city,
        max(case when field = 'postcode' then field_value end) as postcode,
        max(case when field = 'country' then field_value end) as country
    from {{ ref('surviving_values') }}
    where preference = 1 and validity <> 'expired'
    group by profile_id
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
        places.city,
        places.postcode,
        places.country,
        permitted.is_personalisation_allowed
    from permitted_members as permitted
    left join primary_contact_points as contact on permitted.profile_id = contact.profile_id
    left join primary_places as places on permitted.profile_id = places.profile_id
)

select * from reachable_members
