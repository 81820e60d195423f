-- One row per generation and pair of profiles between which identifiers moved; no profile is nobody yet, or not seen any more.
with assignments as (
    select
        identifier_key,
        coalesce(lag(profile_id) over (partition by identifier_key order by generation), '') as from_profile_id,
        coalesce(profile_id, '') as to_profile_id,
        run_id,
        cause_key_a,
        cause_key_b,
        cause,
        generation,
        anchored_at,
        occurred_at
    from {{ ref('identity_assignments') }}
),

anchors as (
    select to_profile_id as profile_id, identifier_key from assignments
    where anchored_at is not null
),

moves as (
    select
        assignments.from_profile_id,
        assignments.to_profile_id,
        assignments.run_id,
        min(assignments.cause_key_a) as cause_key_a,
        min(assignments.cause_key_b) as cause_key_b,
        min(assignments.cause) as cause,
        assignments.generation,
        count(*) as identifier_count,
        sum(case when assignments.cause is null then 1 else 0 end) as uncaused_count,
        max(case when anchors.identifier_key is null then 0 else 1 end) as anchor_count,
        assignments.occurred_at
    from assignments
    left join anchors
        on
            assignments.from_profile_id = anchors.profile_id
            and assignments.identifier_key = anchors.identifier_key
    group by
        assignments.from_profile_id,
        assignments.to_profile_id,
        assignments.run_id,
        assignments.generation,
        assignments.occurred_at
)

select * from moves
