-- Fails if an identifier ever changed its profile and no link, rule, consent, expiry or decision explains it.
with moves as (
    select
        generation,
        from_profile_id,
        to_profile_id,
        uncaused_count
    from {{ ref('profile_moves') }}
)

select * from moves
where uncaused_count > 0
