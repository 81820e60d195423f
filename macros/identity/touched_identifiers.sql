{% macro touched_identifiers(changes, new_rows, last_rows) -%}
    select
        new_rows.identifier_key,
        coalesce(last_rows.profile_id, '') as last_profile_id,
        new_rows.profile_id
    from {{ new_rows }} as new_rows
    left join {{ last_rows }} as last_rows on new_rows.identifier_key = last_rows.identifier_key
    left join (
        select distinct last_profile_id from {{ changes }}
        where profile_id is not null
    ) as left_ids on last_rows.profile_id = left_ids.last_profile_id
    left join (
        select distinct profile_id from {{ changes }}
        where last_profile_id is not null
    ) as joined_ids on new_rows.profile_id = joined_ids.profile_id
    where left_ids.last_profile_id is not null or joined_ids.profile_id is not null
{%- endmacro %}
