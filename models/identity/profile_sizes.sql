-- One row per profile and generation in which it won or lost identifiers: how many it held before and after.
with changes as (
    select to_profile_id as profile_id, generation, occurred_at, identifier_count as change from {{ ref('profile_moves') }}
    union all
    select from_profile_id as profile_id, generation, occurred_at, -identifier_count as change
    from {{ ref('profile_moves') }}
),

changes_per_generation as (
    select profile_id, generation, occurred_at, sum(change) as change
    from changes
    where profile_id <> ''
    group by profile_id, generation, occurred_at
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
