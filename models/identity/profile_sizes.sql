-- One row per profile and generation in which it won or lost identifiers: how many it held before and after.
{{ config(materialized='incremental', unique_key='profile_id') }}

with changes as (
    select
        to_profile_id as profile_id,
        generation,
        occurred_at,
        identifier_count as change
    from {{ ref('profile_moves') }}
    union all
    select
        from_profile_id as profile_id,
        generation,
        occurred_at,
        -identifier_count as change
    from {{ ref('profile_moves') }}
),

changed_profiles as (
    select distinct profile_id from changes
    where generation > {{ last_version(this, 'generation', ref('identity_assignments')) }} and profile_id <> ''
),

changes_per_generation as (
    select changes.profile_id, changes.generation, changes.occurred_at, sum(changes.change) as change
    from changes
    inner join changed_profiles on changes.profile_id = changed_profiles.profile_id
    group by changes.profile_id, changes.generation, changes.occurred_at
),

sizes as (
    select
        profile_id,
        generation,
        sum(change) over (partition by profile_id order by generation) - change as size_before,
        sum(change) over (partition by profile_id order by generation) as size_after,
        row_number() over (partition by profile_id order by generation desc) as recency,
        row_number() over (partition by profile_id order by generation) as ordinal,
        occurred_at
    from changes_per_generation
)

select * from sizes
