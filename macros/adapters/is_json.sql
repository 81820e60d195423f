{% macro is_json(expression) -%}
    {{ return(adapter.dispatch('is_json', 'onefolk')(expression)) }}
{%- endmacro %}

{% macro default__is_json(expression) -%}
    get_json_object({{ expression }}, '$') is not null
{%- endmacro %}

{#- DuckDB reads NaN, Infinity and the null character, which JSON and Postgres don't have. -#}
{% macro duckdb__is_json(expression) -%}
    (
        json_valid({{ expression }})
        and not contains({{ expression }}, 'NaN')
        and not contains({{ expression }}, 'Infinity')
        and not contains({{ expression }}, '\u0000')
    )
{%- endmacro %}

{% macro postgres__is_json(expression) -%}
    pg_input_is_valid({{ expression }}, 'jsonb')
{%- endmacro %}
