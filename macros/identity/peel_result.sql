{#- The smallest node of a component names it, whatever names the rounds gave. -#}
{% macro peel_result(relation) -%}
    with named as (
        select
            nodes.node_key,
            labels.label,
            nodes.node
        from {{ onefolk.peel_scratch(relation, 'nodes') }} as nodes
        inner join {{ onefolk.peel_scratch(relation, 'labels_0') }} as labels on nodes.node = labels.node
    ),

    smallest as (
        select label, min(node) as node
        from named
        group by label
    )

    select
        named.node_key,
        first_nodes.node_key as component_key
    from named
    inner join smallest on named.label = smallest.label
    inner join {{ onefolk.peel_scratch(relation, 'nodes') }} as first_nodes on smallest.node = first_nodes.node
{%- endmacro %}
