{#- White space is the blank, the tab, the ends of line and the no-break space. -#}
{% macro trimmed(expression) -%}
    nullif(trim(both ' ' || chr(9) || chr(10) || chr(13) || chr(160) from cast({{ expression }} as text)), '')
{%- endmacro %}
