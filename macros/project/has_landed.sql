{#- A back-test with hindsight also knows of what happened by the clock and landed later. -#}
{% macro has_landed(column) -%}
    {%- if execute and env_var('ONEFOLK_HINDSIGHT', '') -%} {{ return('true') }} {%- endif -%}
    {{ column }} <= {{ onefolk.as_of() }}
{%- endmacro %}
