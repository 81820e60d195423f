{% macro regex_extract(expression, pattern) -%}
    {{ return(adapter.dispatch('regex_extract', 'onefolk')(expression, pattern)) }}
{%- endmacro %}

{% macro default__regex_extract(expression, pattern) -%}
    nullif(regexp_extract({{ expression }}, '{{ dbt.escape_single_quotes(pattern) }}'), '')
{%- endmacro %}

{% macro postgres__regex_extract(expression, pattern) -%}
    nullif(regexp_substr({{ expression }}, '{{ dbt.escape_single_quotes(pattern) }}'), '')
{%- endmacro %}
