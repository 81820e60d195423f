{% macro touched_identifiers(changes, new_rows, last_rows) -%}
    with left_ids as (
        select distinct last_profile_id from {{ changes }}
        where profile_id is not null
    ),

    joined_ids as (
        select distinct profile_id from {{ changes }}
        where last_profile_id is not null
    )

    select
        coalesce(new_rows.identifier_key, last_rows.identifier_key) as identifier_key,
        coalesce(last_rows.profile_id, '') as last_profile_id,
        coalesce(new_rows.profile_id, '') as profile_id
    from {{ new_rows }} as new_rows
    full outer join {{ last_rows }} as last_rows on new_rows.identifier_key = last_rows.identifier_key
    left join left_ids on last_rows.profile_id = left_ids.last_profile_id
    left join joined_ids on new_rows.profile_id = joined_ids.profile_id
    where left_ids.last_profile_id is not null or joined_ids.profile_id is not null
{%- endmacro %}
