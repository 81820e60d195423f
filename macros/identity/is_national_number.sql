{% macro is_national_number(digits, plan) -%}
    strpos(
        ' ' || {{ plan }}.number_shapes || ' ',
        ' ' || substr({{ digits }}, 1, {{ plan }}.leading_length)
        || right('0' || cast(length({{ digits }}) as {{ dbt.type_string() }}), 2) || ' '
    ) > 0
{%- endmacro %}
