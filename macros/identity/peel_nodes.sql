{#- Ids are hashes so that their order is random: on labels in the order of a path a round would remove one node. -#}
{% macro peel_nodes(base, links, node_ids) -%}
    {%- set nodes = onefolk.peel_scratch(base, 'nodes') -%}
    {%- set pairs = onefolk.peel_scratch(base, 'pairs') -%}

    {% do run_query(onefolk.create_scratch_table(pairs,
        "select key_a, key_b, " ~ onefolk.peel_node_id('key_a', node_ids) ~ " as node_a, "
        ~ onefolk.peel_node_id('key_b', node_ids) ~ " as node_b from (" ~ links ~ ") as given where key_a <> key_b"
    )) %}
    {% do run_query(onefolk.create_scratch_table(nodes,
        "select key_a as node_key, node_a as node from " ~ pairs ~ " union select key_b, node_b from " ~ pairs
    )) %}
    {% set collided = run_query("select count(*) - count(distinct node) from " ~ nodes).columns[0].values()[0] %}
    {% if collided > 0 %}
        {% do exceptions.raise_compiler_error(
            "connected_components: " ~ collided ~ " nodes share their hash with another; publishing would merge strangers."
        ) %}
    {% endif %}
    {% do run_query(onefolk.create_scratch_table(onefolk.peel_scratch(base, 'links_0'),
        "select distinct least(node_a, node_b) as node_a, greatest(node_a, node_b) as node_b from " ~ pairs
    )) %}
    {% do adapter.drop_relation(pairs) %}
{%- endmacro %}
