{% macro text_or_null(value) -%}
    {%- if value is none or value is undefined -%}
        cast(null as {{ dbt.type_string() }})
    {%- else -%}
        cast('{{ (value | string).replace("'", "''") }}' as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}
