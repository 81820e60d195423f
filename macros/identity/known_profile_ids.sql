{#-
    Each id of before has one heir: the component with the identifier it was minted for, else with most of its
    identifiers, else with the one seen first. A component keeps the oldest id that chose it; one that nobody chose gets
    back an id that was merged away and was minted for one of its identifiers.
-#}
{% macro known_profile_ids(present, last, everywhere, minted, log_rows) -%}
    with shares as (
        select
            last_rows.profile_id,
            present.component_key,
            count(*) as identifier_count,
            max(case when present.identifier_key = minted.anchor_key then 1 else 0 end) as has_anchor,
            min(present.first_seen_at) as first_seen_at,
            min(minted.minted_generation) as minted_generation,
            min(minted.anchored_at) as anchored_at
        from {{ present }} as present
        inner join {{ last }} as last_rows on present.identifier_key = last_rows.identifier_key
        inner join {{ minted }} as minted on last_rows.profile_id = minted.profile_id
        group by last_rows.profile_id, present.component_key
    ),

    heirs as (
        select
            *,
            row_number() over (
                partition by profile_id
                order by has_anchor desc, identifier_count desc, first_seen_at, component_key
            ) as heir_rank
        from shares
    ),

    kept_ids as (
        select
            component_key,
            profile_id,
            row_number() over (
                partition by component_key order by minted_generation, anchored_at, profile_id
            ) as age_rank
        from heirs
        where heir_rank = 1
    ),

    unused_ids as (
        select present.component_key, minted.*
        from {{ minted }} as minted
        inner join {{ present }} as present on minted.anchor_key = present.identifier_key
        left join (select distinct profile_id from {{ everywhere }}) as active on minted.profile_id = active.profile_id
        left join kept_ids on present.component_key = kept_ids.component_key and kept_ids.age_rank = 1
        where active.profile_id is null and kept_ids.component_key is null
    ),

    restorable_ids as (
        {{ onefolk.restorable_profile_ids('unused_ids', log_rows) }}
    )

    select component_key, profile_id from kept_ids
    where age_rank = 1
    union all
    select component_key, profile_id from restorable_ids
{%- endmacro %}
