{#- A key of several columns becomes a hash: its parts may be identifiers, which stand nowhere but in the room for values. -#}
{% macro record_id(columns) -%}
    {%- if columns | length == 1 -%}
        {{ columns[0] }}
    {%- else -%}
        {{ dbt.hash(columns | join(" || '|' || ")) }}
    {%- endif -%}
{%- endmacro %}
