{#- What no id of before chose gets a new one, made of the identifier seen first: the same evidence, the same id. -#}
{% macro assign_profiles(present, known_ids, minted) -%}
    with anchors as (
        select
            present.component_key,
            present.identifier_key as anchor_key,
            present.first_seen_at,
            row_number() over (
                partition by present.component_key
                order by present.first_seen_at, present.strength, present.identifier_key
            ) as age_rank
        from {{ present }} as present
        left join {{ known_ids }} as known_ids on present.component_key = known_ids.component_key
        where known_ids.component_key is null and present.first_seen_at is not null
    ),

    {#- An identifier that had its id retired gets another one, told apart by how many it had. -#}
    earlier_ids as (
        select anchor_key, count(*) as id_count from {{ minted }}
        group by anchor_key
    ),

    new_ids as (
        select
            anchors.component_key,
            anchors.anchor_key,
            anchors.first_seen_at as anchored_at,
            {{ dbt.hash(
                "'profile|' || anchors.anchor_key || case when earlier_ids.id_count is null then '' else '|'"
                ~ " || cast(earlier_ids.id_count as " ~ dbt.type_string() ~ ") end"
            ) }} as profile_id
        from anchors
        left join earlier_ids on anchors.anchor_key = earlier_ids.anchor_key
        where anchors.age_rank = 1
    )

    select
        present.identifier_key,
        present.component_key,
        coalesce(known_ids.profile_id, new_ids.profile_id) as profile_id,
        present.first_seen_at is not null as is_seen,
        case when present.identifier_key = new_ids.anchor_key then new_ids.anchored_at end as anchored_at
    from {{ present }} as present
    left join {{ known_ids }} as known_ids on present.component_key = known_ids.component_key
    left join new_ids on present.component_key = new_ids.component_key
{%- endmacro %}
