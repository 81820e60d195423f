{#- A step that only gives every node a new random name, so that no order of names lasts; folding takes them back. -#}
{% macro peel_rename(base, step) -%}
    {%- set links = onefolk.peel_scratch(base, 'links_' ~ step) -%}
    {%- set targets = onefolk.peel_scratch(base, 'targets_' ~ step) -%}
    {%- set next_links = onefolk.peel_scratch(base, 'links_' ~ (step + 1)) -%}
    {%- set as_text = "cast(node as " ~ dbt.type_string() ~ ") || '#" ~ step ~ "'" -%}

    {% do run_query(onefolk.create_scratch_table(targets,
        "select node, " ~ onefolk.hex_to_bigint('md5(' ~ as_text ~ ')') ~ " as target"
        ~ " from (select node_a as node from " ~ links ~ " union select node_b from " ~ links ~ ") as linked"
    )) %}
    {% set collided = run_query("select count(*) - count(distinct target) from " ~ targets).columns[0].values()[0] %}
    {% if collided > 0 %}
        {% do exceptions.raise_compiler_error(
            'connected_components: ' ~ collided ~ ' nodes share their new name; publishing would merge strangers.'
        ) %}
    {% endif %}
    {% do run_query(onefolk.create_scratch_table(next_links,
        "select end_a.target as node_a, end_b.target as node_b"
        ~ " from " ~ links ~ " as links"
        ~ " inner join " ~ targets ~ " as end_a on links.node_a = end_a.node"
        ~ " inner join " ~ targets ~ " as end_b on links.node_b = end_b.node"
    )) %}
    {% do adapter.drop_relation(links) %}
{%- endmacro %}
