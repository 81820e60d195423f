{% macro unicode_nfc(expression) -%}
    {{ return(adapter.dispatch('unicode_nfc', 'onefolk')(expression)) }}
{%- endmacro %}

{% macro default__unicode_nfc(expression) -%}
    nfc_normalize({{ expression }})
{%- endmacro %}

{% macro postgres__unicode_nfc(expression) -%}
    normalize({{ expression }}, nfc)
{%- endmacro %}
