{% macro regex_matches(expression, pattern) -%}
    {{ return(adapter.dispatch('regex_matches', 'onefolk')(expression, pattern)) }}
{%- endmacro %}

{% macro default__regex_matches(expression, pattern) -%}
    regexp_matches({{ expression }}, '{{ dbt.escape_single_quotes(pattern) }}')
{%- endmacro %}

{% macro postgres__regex_matches(expression, pattern) -%}
    ({{ expression }} ~ '{{ dbt.escape_single_quotes(pattern) }}')
{%- endmacro %}
