{% macro is_allowed_guard(audience) -%}
    {%- set names = allowed_guards() -%}
    {%- if names -%} {{ audience }} in ('{{ names | join("', '") }}') {%- else -%} 1 = 0 {%- endif -%}
{%- endmacro %}
