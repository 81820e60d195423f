{#- Here and nowhere else is the past cut: a row landed after the clock is as if it were not there. -#}
{% macro is_readable(source_name, table_name) -%}
    {%- if not execute -%} {{ return('true') }} {%- endif -%}
    {%- set breaches = onefolk.contract_breaches(source_name, table_name) -%}
    (
        {{ onefolk.has_landed('_loaded_at') }}
        {%- if this and is_incremental() %}
        and {{ onefolk.is_unread(source_name, table_name) }}
        {%- endif %}
        {%- for breach in breaches + onefolk.clock_breaches(source_name, table_name) %}
        and not {{ breach.condition }}
        {%- endfor %}
    )
{%- endmacro %}
