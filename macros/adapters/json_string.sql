{% macro json_string(expression) -%}
    {{ return(adapter.dispatch('json_string', 'onefolk')(expression)) }}
{%- endmacro %}

{% macro default__json_string(expression) -%}
    cast(to_json({{ expression }}) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro postgres__json_string(expression) -%}
    cast(to_json(cast({{ expression }} as text)) as text)
{%- endmacro %}

{% macro spark__json_string(expression) -%}
    regexp_replace(to_json(named_struct('v', {{ expression }}), map('ignoreNullFields', 'false')), '^.{5}|.$', '')
{%- endmacro %}
