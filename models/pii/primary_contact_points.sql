-- One row per profile with contact points or a place: the one of each kind to use.
{{ config(access='public') }}

with contact_points as (
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

places as (
    select
        profile_id,
        max(case when field = 'city' then field_value end) as city,
        max(case when field = 'postcode' then field_value end) as postcode,
        max(case when field = 'country' then field_value end) as country
    from {{ ref('surviving_values') }}
    where preference = 1 and validity <> 'expired'
    group by profile_id
),

primary_contact_points as (
    select
        coalesce(contact_points.profile_id, places.profile_id) as profile_id,
        contact_points.email,
        contact_points.phone,
        contact_points.first_name,
        contact_points.last_name,
        places.city,
        places.postcode,
        places.country
    from contact_points
    full join places on contact_points.profile_id = places.profile_id
)

select * from primary_contact_points
