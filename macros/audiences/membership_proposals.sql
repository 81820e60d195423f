{% macro membership_proposals(members_before, candidates) -%}
    select
        coalesce(candidates.audience, members.audience) as audience,
        coalesce(candidates.profile_id, members.profile_id) as profile_id,
        candidates.qualified_by,
        candidates.profile_id is not null as is_candidate,
        members.profile_id is not null as is_member,
        candidates.qualified_at,
        members.qualified_at as member_qualified_at,
        members.entered_at
    from {{ candidates }} as candidates
    full outer join (
        select audience, profile_id, min(qualified_at) as qualified_at, min(entered_at) as entered_at
        from {{ members_before }}
        where profile_id is not null
        group by audience, profile_id
    ) as members on candidates.audience = members.audience and candidates.profile_id = members.profile_id
{%- endmacro %}
