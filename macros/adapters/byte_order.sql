{#- Text in the order of its bytes: the collation of a database would order it in its own way. -#}
{% macro byte_order(expression) -%}
    {{ return(adapter.dispatch('byte_order', 'onefolk')(expression)) }}
{%- endmacro %}

{% macro default__byte_order(expression) -%}
    {{ expression }}
{%- endmacro %}

{% macro postgres__byte_order(expression) -%}
    {{ expression }} collate "C"
{%- endmacro %}
