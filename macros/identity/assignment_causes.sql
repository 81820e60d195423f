{#- Of an identifier that changed profiles: the strongest link between where it was and where it is now. A link that no
    longer holds parts people, one that holds joins them; where the evidence itself is gone, no link is left to name. -#}
{% macro assignment_causes(changes, touched) -%}
    with moves as (
        select distinct last_profile_id, profile_id from {{ changes }}
        where last_profile_id is not null and profile_id is not null
    ),

    links_of_both_ends as (
        select judged_links.*, identifier_key_a as this_key, identifier_key_b as other_key
        from {{ ref('judged_links') }} as judged_links
        union all
        select judged_links.*, identifier_key_b as this_key, identifier_key_a as other_key
        from {{ ref('judged_links') }} as judged_links
    ),

    parted_profiles as (
        select last_profile_id from {{ touched }}
        group by last_profile_id
        having count(distinct profile_id) > 1
    ),

    {#- Apart now and one before: a lost link. Together now and two before: a new one, which
        may lead over a newcomer unless the profile was parted: what left it would have left without the newcomer. -#}
    explanations as (
        select
            this_end.last_profile_id,
            this_end.profile_id,
            links.identifier_key_a,
            links.identifier_key_b,
            coalesce(links.rejected_reason, links.link_rule) as cause,
            links.rejected_reason is null as is_accepted,
            links.link_strength,
            links.last_seen_at
        from links_of_both_ends as links
        inner join {{ touched }} as this_end on links.this_key = this_end.identifier_key
        inner join {{ touched }} as other_end on links.other_key = other_end.identifier_key
        left join parted_profiles as parted on this_end.last_profile_id = parted.last_profile_id
        where
            this_end.last_profile_id <> ''
            and case
                when links.rejected_reason is null
                    then
                        this_end.last_profile_id <> other_end.last_profile_id
                        and (other_end.last_profile_id <> '' or parted.last_profile_id is null)
                else
                    this_end.last_profile_id = other_end.last_profile_id
                    and this_end.profile_id <> other_end.profile_id
            end
    ),

    ranked_explanations as (
        select
            *,
            row_number() over (
                partition by last_profile_id, profile_id
                order by
                    is_accepted, link_strength, last_seen_at desc, identifier_key_a, identifier_key_b, cause
            ) as strength_rank
        from explanations
    )

    select
        moves.last_profile_id,
        moves.profile_id,
        explanations.identifier_key_a as cause_key_a,
        explanations.identifier_key_b as cause_key_b,
        coalesce(explanations.cause, case when parted.last_profile_id is not null then 'evidence_gone' end) as cause
    from moves
    left join ranked_explanations as explanations
        on
            moves.last_profile_id = explanations.last_profile_id
            and moves.profile_id = explanations.profile_id
            and explanations.strength_rank = 1
    left join parted_profiles as parted on moves.last_profile_id = parted.last_profile_id
{%- endmacro %}
