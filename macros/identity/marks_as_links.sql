{% macro marks_as_links(marks) -%}
marks as (
    select
        key_a,
        '' as key_b,
        apart_as,
        cast(null as integer) as link_strength,
        cast(null as bigint) as evidence_count,
        cast(null as timestamp) as seen_month_at,
        cast(null as timestamp) as last_seen_at,
        cast(null as timestamp) as loaded_at
    from ({{ marks }}) as given_marks
),
{%- endmacro %}
