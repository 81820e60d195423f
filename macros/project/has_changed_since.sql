{#- Two runs may share a clock: what one of them wrote is then read again by the other. -#}
{% macro has_changed_since(moment, column) -%}
    {%- if moment is none -%} {{ return('true') }} {%- endif -%}
    ({{ column }} > cast('{{ moment }}' as timestamp) or {{ column }} >= {{ onefolk.as_of() }})
{%- endmacro %}
