{#- Ids are hashes so that their order is random: on labels in the order of a path a round would remove one node. -#}
{% macro peel_nodes(base, links, node_ids) -%}
    {%- set nodes = onefolk.peel_scratch(base, 'nodes') -%}
    {%- set given = " from (" ~ links ~ ") as given where key_a <> key_b" -%}
    {%- set node_a = onefolk.peel_node_id('key_a', node_ids) -%}
    {%- set node_b = onefolk.peel_node_id('key_b', node_ids) -%}

    {% do run_query(onefolk.create_scratch_table(nodes,
        "select key_a as node_key, " ~ node_a ~ " as node" ~ given ~ " union select key_b, " ~ node_b ~ given
    )) %}
    {#- A link given twice or from both ends does no harm to a round, and to sort it out would cost one. -#}
    {% do run_query(onefolk.create_scratch_table(onefolk.peel_scratch(base, 'links_0'),
        "select " ~ node_a ~ " as node_a, " ~ node_b ~ " as node_b" ~ given
    )) %}
{%- endmacro %}
