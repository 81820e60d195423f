{#- Both engines read POSIX classes, groups and \1 alike; an alternation must not depend on the order of its branches. -#}
{% macro regex_replace_all(expression, pattern, replacement) -%}
    {{ return(adapter.dispatch('regex_replace_all', 'onefolk')(expression, pattern, replacement)) }}
{%- endmacro %}

{% macro default__regex_replace_all(expression, pattern, replacement) -%}
    regexp_replace(
        {{ expression }}, '{{ dbt.escape_single_quotes(pattern) }}', '{{ dbt.escape_single_quotes(replacement) }}', 'g'
    )
{%- endmacro %}
