{#- What the sources YAML says about one raw table; known once dbt runs, not while it parses. -#}
{% macro raw_contract(source_name, table_name) -%}
    {%- set id = 'source.' ~ project_name ~ '.' ~ source_name ~ '.' ~ table_name -%}
    {%- set node = graph.sources.get(id) -%}
    {%- if not node -%}
        {{ exceptions.raise_compiler_error("No sources YAML describes the raw table " ~ source_name ~ "." ~ table_name ~ ".") }}
    {%- endif -%}
    {%- set meta = node.config.meta -%}
    {%- set types = {} -%}
    {%- for column in node.columns.values() -%}
        {%- do types.update({column.name: column.data_type}) -%}
    {%- endfor -%}
    {{ return({
        'key': meta.key,
        'updated_at': meta.get('updated_at'),
        'event_time': meta.get('event_time'),
        'is_scoped': meta.get('key_scope', 'instance') == 'instance',
        'types': types,
    }) }}
{%- endmacro %}
