{#- Here and nowhere else is the past cut: a row landed after the clock is as if it were not there. -#}
{% macro is_readable(source_name, table_name) -%}
    {%- if not execute -%} {{ return('true') }} {%- endif -%}
    {%- set breaches = onefolk.contract_breaches(source_name, table_name) -%}
    (
        _loaded_at <= {{ onefolk.as_of() }}
        {%- for breach in breaches %}
        and not {{ breach.condition }}
        {%- endfor %}
    )
{%- endmacro %}
