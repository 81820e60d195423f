{% macro trimmed(expression) -%}
    nullif(trim(cast({{ expression }} as text)), '')
{%- endmacro %}
