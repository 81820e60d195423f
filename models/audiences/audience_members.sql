-- One row per audience and member: a profile for which every condition held when the guard was open last.
{{ config(access='public') }}

with memberships as (
    {{ memberships(ref('audience_log')) }}
),

last_verdicts as (
    {{ last_verdicts(ref('audience_log')) }}
),

members as (
    select
        memberships.audience,
        memberships.profile_id,
        definitions.purpose,
        last_verdicts.open_definition as definition,
        memberships.qualified_at,
        memberships.entered_at,
        candidates.expires_at
    from memberships
    inner join {{ ref('audience_definitions') }} as definitions on memberships.audience = definitions.audience
    left join last_verdicts on memberships.audience = last_verdicts.audience
    left join {{ ref('audience_candidates') }} as candidates
        on memberships.audience = candidates.audience and memberships.profile_id = candidates.profile_id
)

select * from members
