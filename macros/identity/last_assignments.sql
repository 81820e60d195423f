{% macro last_assignments(log_rows) -%}
    select identifier_key, profile_id
    from (
        select
            identifier_key,
            profile_id,
            row_number() over (partition by identifier_key order by generation desc) as recency
        from {{ log_rows }}
    ) as ranked
    where recency = 1 and profile_id is not null
{%- endmacro %}
