{% macro is_json(expression) -%}
    {{ return(adapter.dispatch('is_json', 'onefolk')(expression)) }}
{%- endmacro %}

{% macro default__is_json(expression) -%}
    get_json_object({{ expression }}, '$') is not null
{%- endmacro %}

{#- DuckDB reads a comma before a closing bracket, NaN, Infinity and the null character, which JSON or Postgres don't have.
    Texts that seem to hold one are looked at again without their strings. -#}
{% macro duckdb__is_json(expression) -%}
    {%- set without_strings = "regexp_replace(" ~ expression ~ ", '\"([^\"\\\\]|\\\\.)*\"', '\"\"', 'g')" -%}
    (
        json_valid({{ expression }})
        and case
            when contains({{ expression }}, '\u0000') then false
            when
                contains({{ expression }}, 'NaN')
                or contains({{ expression }}, 'Infinity')
                or regexp_matches({{ expression }}, ',\s*[}\]]')
                then not regexp_matches({{ without_strings }}, 'NaN|Infinity|,\s*[}\]]')
            else true
        end
    )
{%- endmacro %}

{% macro postgres__is_json(expression) -%}
    pg_input_is_valid({{ expression }}, 'jsonb')
{%- endmacro %}
