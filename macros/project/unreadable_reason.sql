{% macro unreadable_reason(source_name, table_name) -%}
    {%- if not execute -%} {{ return('cast(null as text)') }} {%- endif -%}
    {%- set breaches = onefolk.contract_breaches(source_name, table_name) -%}
    nullif(
        concat_ws(
            '; '
            {%- for breach in breaches %},
            case when {{ breach.condition }} then {{ breach.reason }} end
            {%- endfor %}
        ),
        ''
    )
{%- endmacro %}
