-- One row per generation and pair of profiles between which identifiers moved; an empty id is nobody yet or any more.
{{ config(materialized='incremental', incremental_strategy='append') }}

with new_assignments as (
    select * from {{ ref('identity_assignments') }}
    where generation > {{ last_version(this, 'generation', ref('identity_assignments')) }}
),

moved_identifiers as (
    select distinct identifier_key from new_assignments
),

assignments_of_the_same as (
    select
        assignments.identifier_key,
        assignments.profile_id,
        assignments.generation,
        lag(assignments.profile_id) over (
            partition by assignments.identifier_key order by assignments.generation
        ) as from_profile_id
    from {{ ref('identity_assignments') }} as assignments
    inner join moved_identifiers on assignments.identifier_key = moved_identifiers.identifier_key
),

anchors as (
    select profile_id, identifier_key from {{ ref('identity_assignments') }}
    where anchored_at is not null
),

moves as (
    select
        coalesce(earlier.from_profile_id, '') as from_profile_id,
        coalesce(assignments.profile_id, '') as to_profile_id,
        assignments.run_id,
        min(assignments.cause_key_a) as cause_key_a,
        min(assignments.cause_key_b) as cause_key_b,
        min(assignments.cause) as cause,
        assignments.generation,
        count(*) as identifier_count,
        sum(case when assignments.cause is null then 1 else 0 end) as uncaused_count,
        max(case when anchors.identifier_key is null then 0 else 1 end) as anchor_count,
        assignments.occurred_at
    from new_assignments as assignments
    inner join assignments_of_the_same as earlier
        on assignments.identifier_key = earlier.identifier_key and assignments.generation = earlier.generation
    left join anchors
        on
            earlier.from_profile_id = anchors.profile_id
            and assignments.identifier_key = anchors.identifier_key
    group by
        coalesce(earlier.from_profile_id, ''),
        coalesce(assignments.profile_id, ''),
        assignments.run_id,
        assignments.generation,
        assignments.occurred_at
)

select * from moves
