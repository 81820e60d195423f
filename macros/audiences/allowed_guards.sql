{#- Read only while executing, as the clock is: another list must not make dbt parse the project again. -#}
{% macro allowed_guards() -%}
    {{ return((env_var('ONEFOLK_ALLOWED_GUARDS', '') if execute else '').split(',') | map('trim') | select | list) }}
{%- endmacro %}
