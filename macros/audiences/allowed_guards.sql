{#- Read only while executing, as the clock is: another list must not make dbt parse the project again. -#}
{% macro allowed_guards() -%}
    {%- set names = (env_var('ONEFOLK_ALLOWED_GUARDS', '') if execute else '').split(',') | map('trim') | select | list -%}
    {%- for name in names if name not in var('audiences') -%}
        {% do exceptions.raise_compiler_error(
            "There is no guard of " ~ name ~ " to allow: audiences are " ~ var('audiences') | join(', ') ~ "."
        ) %}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
