{#- What one version of a row shares with the next: the key as staging reads it, within one instance where ids are its own. -#}
{% macro typed_key(source_name, table_name) -%}
    {%- if not execute -%} {{ return("''") }} {%- endif -%}
    {%- set contract = onefolk.raw_contract(source_name, table_name) -%}
    {%- set key = ['_source_instance'] if contract.is_scoped else [] -%}
    {%- for column in contract.key -%}
        {%- do key.append(onefolk.try_to(contract.types[column], adapter.quote(column))) -%}
    {%- endfor -%}
    {{ key | join(', ') }}
{%- endmacro %}
