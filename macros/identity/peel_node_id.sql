{% macro peel_node_id(key, node_ids) -%}
    {%- if node_ids == 'integer' -%} {{ key }}
    {%- elif node_ids == 'hex' -%} {{ onefolk.hex_to_bigint(key) }}
    {%- else -%} {{ onefolk.scratch_hash(key) }}
    {%- endif -%}
{%- endmacro %}
