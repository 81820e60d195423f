{% macro count_members(test) -%}
    cast(coalesce(sum(case when {{ test }} then outcomes.member_count end), 0) as bigint)
{%- endmacro %}
