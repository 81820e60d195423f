{% macro raw_key(source_name, table_name) -%}
    {%- if not execute -%} {{ return('cast(null as text)') }} {%- endif -%}
    {%- set parts = [] -%}
    {%- for column in onefolk.raw_contract(source_name, table_name).key -%}
        {%- do parts.append(onefolk.trimmed(adapter.quote(column))) -%}
    {%- endfor -%}
    nullif(concat_ws(' | ', {{ parts | join(', ') }}), '')
{%- endmacro %}
