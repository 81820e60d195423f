{% macro json_field(fields, path, paths) -%}
    {{ return(adapter.dispatch('json_field', 'onefolk')(fields, path, paths)) }}
{%- endmacro %}

{% macro default__json_field(fields, path, paths) -%}
    {{ onefolk.json_text(fields, path) }}
{%- endmacro %}

{% macro duckdb__json_field(fields, path, paths) -%}
    {{ fields }}[{{ paths.index(path) + 1 }}]
{%- endmacro %}

{% macro postgres__json_field(fields, path, paths) -%}
    {{ fields }} #>> '{{ '{' ~ path.replace('.', ',') ~ '}' }}'
{%- endmacro %}
