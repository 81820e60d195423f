-- One row per profile: the stage of its life with us that it is in.
with traits as (
    select profile_id, lifecycle_stage from {{ ref('profile_lifecycle') }}
    where is_current
)

select * from traits
