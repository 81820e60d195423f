{% macro is_one_of(expression, values) -%}
    {%- set literals = [] -%}
    {%- for value in ([values] if values is string or values is number else values) -%}
        {%- do literals.append(dbt.string_literal(dbt.escape_single_quotes(value | string))) -%}
    {%- endfor -%}
    {{ expression }} in ({{ literals | join(', ') }})
{%- endmacro %}
