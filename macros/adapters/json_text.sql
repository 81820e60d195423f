{% macro json_text(expression, path) -%}
    {{ return(adapter.dispatch('json_text', 'onefolk')(expression, path)) }}
{%- endmacro %}

{% macro default__json_text(expression, path) -%}
    get_json_object({{ expression }}, '$.{{ path }}')
{%- endmacro %}

{% macro duckdb__json_text(expression, path) -%}
    try(json_extract_string({{ expression }}, '$.{{ path }}'))
{%- endmacro %}

{% macro postgres__json_text(expression, path) -%}
    case
        when {{ onefolk.is_json(expression) }}
            then cast({{ expression }} as jsonb) #>> '{{ '{' ~ path.replace('.', ',') ~ '}' }}'
    end
{%- endmacro %}
