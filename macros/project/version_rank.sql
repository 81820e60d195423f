{#- 1 is the version of a key that counts: last updated, else last landed, else last in its file. -#}
{% macro version_rank(source_name, table_name) -%}
    {%- if not execute -%} {{ return('1') }} {%- endif -%}
    {%- set contract = onefolk.raw_contract(source_name, table_name) -%}
    row_number() over (
        partition by {{ onefolk.typed_key(source_name, table_name) }}
        order by
            {%- if contract.updated_at %}
            coalesce({{ onefolk.try_to('timestamp', adapter.quote(contract.updated_at)) }}, _loaded_at) desc nulls last,
            {%- endif %}
            _loaded_at desc nulls last,
            {{ onefolk.byte_order('_source_file') }} desc nulls last,
            _source_row desc nulls last
    )
{%- endmacro %}
