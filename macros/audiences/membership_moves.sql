{#- A closed guard holds entries and exits; who is no more, and an audience that is no more, wait for no guard. -#}
{% macro membership_moves(members_before, proposals, verdicts) -%}
    select
        members.audience,
        members.entry_key,
        coalesce(members.profile_id, members.entry_key) as profile_id,
        case
            when members.profile_id is null or verdicts.audience is null then 'left'
            when verdicts.is_open and not proposals.is_candidate then 'left'
            when members.entry_key <> members.profile_id then 'carried'
        end as entry_type,
        case
            when verdicts.audience is null then 'audience_removed'
            when members.is_ambiguous then 'split'
            when members.profile_id is null then 'retired'
            when not proposals.is_candidate and verdicts.is_redefined then 'definition'
        end as cause,
        cast(null as {{ dbt.type_string() }}) as conditions,
        coalesce(proposals.member_qualified_at, members.qualified_at) as qualified_at,
        coalesce(proposals.entered_at, members.entered_at) as entered_at
    from {{ members_before }} as members
    left join {{ proposals }} as proposals
        on members.audience = proposals.audience and members.profile_id = proposals.profile_id
    left join {{ verdicts }} as verdicts on members.audience = verdicts.audience
    where
        members.profile_id is null
        or verdicts.audience is null
        or members.entry_key <> members.profile_id
        or (verdicts.is_open and not proposals.is_candidate)
    union all
    select
        proposals.audience,
        proposals.profile_id as entry_key,
        proposals.profile_id,
        'entered' as entry_type,
        case when verdicts.is_first then 'first_run' when verdicts.is_redefined then 'definition' end as cause,
        proposals.qualified_by as conditions,
        proposals.qualified_at,
        {{ as_of() }} as entered_at
    from {{ proposals }} as proposals
    inner join {{ verdicts }} as verdicts on proposals.audience = verdicts.audience and verdicts.is_open
    where proposals.is_candidate and not proposals.is_member
{%- endmacro %}
