{#- What is claimed from two sides belongs to nobody; what hangs on it alone goes with its own neighbours. -#}
{% macro settle_contested(base, last) -%}
    {%- set nodes = onefolk.peel_scratch(base, 'apart_nodes_' ~ last) -%}
    {%- set links = onefolk.peel_scratch(base, 'apart_links') -%}
    {%- set contested = onefolk.peel_scratch(base, 'contested_nodes') -%}
    {%- set part = onefolk.peel_scratch(base, 'settled') -%}
    {% set contested_sql %}
        with crossing as (
            select links.node_a, links.node_b
            from {{ links }} as links
            inner join {{ nodes }} as end_a on links.node_a = end_a.node
            inner join {{ nodes }} as end_b on links.node_b = end_b.node
            where end_a.cluster <> end_b.cluster
        )
        select ends.node
        from (select node_a as node from crossing union select node_b from crossing) as ends
        left join {{ onefolk.peel_scratch(base, 'apart_marks_0') }} as marks on ends.node = marks.cluster
        where marks.cluster is null
    {% endset %}
    {% set settled_sql %}
        select links.node_a as key_a, links.node_b as key_b
        from {{ links }} as links
        inner join {{ nodes }} as end_a on links.node_a = end_a.node
        inner join {{ nodes }} as end_b on links.node_b = end_b.node and end_a.cluster = end_b.cluster
        left join {{ contested }} as contested_a on links.node_a = contested_a.node
        left join {{ contested }} as contested_b on links.node_b = contested_b.node
        where contested_a.node is null and contested_b.node is null
    {% endset %}
    {% do run_query(onefolk.create_scratch_table(contested, contested_sql)) %}
    {% do onefolk.peel(part, settled_sql, 'integer') %}
    {{ return(
        "select nodes.node, coalesce(settled.label, nodes.node) as label from " ~ nodes ~ " as nodes left join "
        ~ onefolk.peel_scratch(part, 'labels') ~ " as settled on nodes.node = settled.node"
    ) }}
{%- endmacro %}
