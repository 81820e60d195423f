{% macro email_domain(email) -%}
    split_part({{ email }}, '@', 2)
{%- endmacro %}
