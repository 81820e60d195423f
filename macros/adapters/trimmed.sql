{#- What trim() alone takes for white space differs: here it is the blank, the tab, the ends of line, the no-break space. -#}
{% macro trimmed(expression) -%}
    {{ return(adapter.dispatch('trimmed', 'onefolk')(expression)) }}
{%- endmacro %}

{% macro default__trimmed(expression) -%}
    nullif(trim(both e' \t\n\r{{ "\u00a0" }}' from cast({{ expression }} as text)), '')
{%- endmacro %}
