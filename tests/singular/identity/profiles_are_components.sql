-- Fails if a profile holds identifiers of two components, or a component those of two profiles.
with components as (
    select identifier_key, component_key from {{ ref('identity_components') }}
    where is_seen
),

places as (
    select
        identifiers.profile_id,
        components.component_key
    from {{ ref('identifiers') }} as identifiers
    full outer join components on identifiers.identifier_key = components.identifier_key
),

pairs as (
    select distinct
        profile_id,
        component_key
    from places
),

torn_profiles as (
    select profile_id from pairs
    group by profile_id
    having count(*) > 1
),

torn_components as (
    select component_key from pairs
    group by component_key
    having count(*) > 1
),

torn as (
    select pairs.*
    from pairs
    left join torn_profiles on pairs.profile_id = torn_profiles.profile_id
    left join torn_components on pairs.component_key = torn_components.component_key
    where
        pairs.profile_id is null
        or pairs.component_key is null
        or torn_profiles.profile_id is not null
        or torn_components.component_key is not null
)

select * from torn
