{#- Where many fields of one JSON text are wanted, it is read once, here; `json_field` then takes each out. -#}
{% macro json_fields(expression, paths) -%}
    {{ return(adapter.dispatch('json_fields', 'onefolk')(expression, paths)) }}
{%- endmacro %}

{% macro default__json_fields(expression, paths) -%}
    {{ expression }}
{%- endmacro %}

{% macro duckdb__json_fields(expression, paths) -%}
    try(json_extract_string({{ expression }}, ['$.{{ paths | join("', '$.") }}']))
{%- endmacro %}

{% macro postgres__json_fields(expression, paths) -%}
    {{ onefolk.cast_or_null(expression, 'jsonb') }}
{%- endmacro %}
