{#- Whom the identifier left for another profile was merged; when it was not seen any more, the id retired for good. -#}
{% macro restorable_profile_ids(unused_ids, log_rows) -%}
    with paths_of_anchors as (
        select
            unused_ids.*,
            log_rows.profile_id as held_profile_id,
            lead(log_rows.profile_id) over (
                partition by unused_ids.profile_id order by log_rows.generation
            ) as next_profile_id,
            row_number() over (
                partition by unused_ids.profile_id, log_rows.profile_id order by log_rows.generation desc
            ) as recency
        from {{ unused_ids }} as unused_ids
        inner join {{ log_rows }} as log_rows on unused_ids.anchor_key = log_rows.identifier_key
    ),

    ranked_ids as (
        select
            component_key,
            profile_id,
            row_number() over (
                partition by component_key order by minted_generation, anchored_at, profile_id
            ) as age_rank
        from paths_of_anchors
        where held_profile_id = profile_id and recency = 1 and next_profile_id is not null
    )

    select component_key, profile_id from ranked_ids
    where age_rank = 1
{%- endmacro %}
