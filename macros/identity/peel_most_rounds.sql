{% macro peel_most_rounds() -%}
    {{ return(40) }}
{%- endmacro %}
