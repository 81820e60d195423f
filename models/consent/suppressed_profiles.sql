-- One row per request and profile that it keeps from being used: one that holds an identifier of whoever asked.
with held_suppressions as (
    select
        suppressions.request_id,
        suppressions.identifier_key,
        places.profile_id,
        suppressions.reason,
        suppressions.is_named or types.joins_people = 'always' as is_certain,
        suppressions.requested_at,
        places.valid_from
    from {{ ref('suppressions') }} as suppressions
    inner join {{ ref('identifier_history') }} as places
        on suppressions.identifier_key = places.identifier_key and places.is_current
    inner join {{ ref('identifier_types') }} as types on suppressions.identifier_type = types.identifier_type
),

-- Requests and consents speak of people; here is who still does something.
people_still_there as (
    select distinct
        held.request_id,
        held.profile_id
    from held_suppressions as held
    inner join {{ ref('identifier_observations') }} as observations
        on held.identifier_key = observations.identifier_key
    where
        held.is_certain
        and observations.record_source not in ('stg_privacy__requests', 'stg_consent__records')
),

-- A telephone number that is another profile's now, while the person is still there, was given on or is shared.
suppressed_profiles as (
    select
        held.profile_id,
        held.request_id,
        held.reason,
        max(held.requested_at) as requested_at,
        max(held.valid_from) as belongs_since
    from held_suppressions as held
    where
        held.is_certain
        or not exists (
            select 1 from people_still_there as people
            where people.request_id = held.request_id and people.profile_id <> held.profile_id
        )
    group by held.profile_id, held.request_id, held.reason
)

select * from suppressed_profiles
