{% macro unchanged_components(placed, last) -%}
    select sizes.component_key
    from (
        select
            placed.component_key,
            min(last_rows.profile_id) as profile_id,
            count(*) as identifier_count
        from {{ placed }} as placed
        left join {{ last }} as last_rows on placed.identifier_key = last_rows.identifier_key
        group by placed.component_key
        having count(*) = count(last_rows.profile_id) and min(last_rows.profile_id) = max(last_rows.profile_id)
    ) as sizes
    inner join (
        select profile_id, count(*) as identifier_count from {{ last }}
        group by profile_id
    ) as profiles on sizes.profile_id = profiles.profile_id and sizes.identifier_count = profiles.identifier_count
{%- endmacro %}
