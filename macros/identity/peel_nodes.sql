{#- Ids are hashes so that their order is random: on labels in the order of a path a round would remove one node. -#}
{% macro peel_nodes(relation, sql, node_ids) -%}
    {%- set pairs = onefolk.peel_scratch(relation, 'pairs') -%}
    {%- set nodes = onefolk.peel_scratch(relation, 'nodes') -%}
    {%- set links = onefolk.peel_scratch(relation, 'links_0') -%}
    {%- set node_id_a = onefolk.hash_to_bigint('key_a') if node_ids == 'hash' else 'key_a' -%}
    {%- set node_id_b = onefolk.hash_to_bigint('key_b') if node_ids == 'hash' else 'key_b' -%}

    {% do run_query(onefolk.create_scratch_table(pairs,
        "select key_a, key_b, " ~ node_id_a ~ " as node_a, " ~ node_id_b ~ " as node_b from (" ~ sql ~ ") as given"
        ~ " where key_a <> key_b"
    )) %}
    {% do run_query(onefolk.create_scratch_table(nodes,
        "select key_a as node_key, node_a as node from " ~ pairs ~ " union select key_b, node_b from " ~ pairs
    )) %}
    {% set collided = run_query(
        "select count(*) - count(distinct node) from " ~ nodes
    ).columns[0].values()[0] %}
    {% if collided > 0 %}
        {% do exceptions.raise_compiler_error(
            "connected_components: " ~ collided ~ " nodes share their hash with another; publishing would merge strangers."
        ) %}
    {% endif %}
    {% do run_query(onefolk.create_scratch_table(links,
        "select distinct least(node_a, node_b) as node_a, greatest(node_a, node_b) as node_b from " ~ pairs
    )) %}
    {% do adapter.drop_relation(pairs) %}
{%- endmacro %}
