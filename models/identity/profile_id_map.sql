-- One row per profile id ever minted: the live id it stands for now.
{{ config(access='public') }}

with ended_profiles as (
    select profile_id, generation from {{ ref('profile_ids') }}
    where status <> 'active'
),

assignments as (
    select
        assignments.identifier_key,
        assignments.profile_id,
        lead(assignments.generation) over (
            partition by assignments.identifier_key order by assignments.generation
        ) as next_generation
    from {{ ref('identity_assignments') }} as assignments
    inner join (
        select distinct members.identifier_key
        from {{ ref('identity_assignments') }} as members
        inner join ended_profiles on members.profile_id = ended_profiles.profile_id
    ) as members on assignments.identifier_key = members.identifier_key
),

-- What an ended profile held last, and where that is today.
places_of_last_members as (
    select
        ended_profiles.profile_id,
        count(distinct identifiers.profile_id) as profile_count,
        min(identifiers.profile_id) as live_profile_id
    from ended_profiles
    inner join assignments
        on
            ended_profiles.profile_id = assignments.profile_id
            and ended_profiles.generation = assignments.next_generation
    inner join {{ ref('identifiers') }} as identifiers on assignments.identifier_key = identifiers.identifier_key
    group by ended_profiles.profile_id
),

profile_id_map as (
    select
        ids.profile_id,
        case
            when ids.status = 'active' then ids.profile_id
            when places.profile_count = 1 then places.live_profile_id
        end as live_profile_id,
        ids.status <> 'active' and coalesce(places.profile_count > 1, false) as is_ambiguous
    from {{ ref('profile_ids') }} as ids
    left join places_of_last_members as places on ids.profile_id = places.profile_id
)

select * from profile_id_map
