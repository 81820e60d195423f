-- Fails if an active profile id has no identifier, or an identifier belongs to a profile id that is not active.
with active_ids as (
    select profile_id from {{ ref('profile_ids') }}
    where status = 'active'
),

used_ids as (
    select distinct profile_id from {{ ref('identifiers') }}
)

select
    active_ids.profile_id as active_profile_id,
    used_ids.profile_id as used_profile_id
from active_ids
full outer join used_ids on active_ids.profile_id = used_ids.profile_id
where active_ids.profile_id is null or used_ids.profile_id is null
