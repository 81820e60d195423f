{#-
    A node with one neighbour is a leaf and follows it (of two that have only each other, the smaller stays). Every other
    node points to the smallest of itself and its neighbours and makes one jump; links then join what was pointed at.
-#}
{% macro peel_round(base, step) -%}
    {%- set links = onefolk.peel_scratch(base, 'links_' ~ step) -%}
    {%- set neighbours = onefolk.peel_scratch(base, 'neighbours_' ~ step) -%}
    {%- set targets = onefolk.peel_scratch(base, 'targets_' ~ step) -%}
    {%- set next_links = onefolk.peel_scratch(base, 'links_' ~ (step + 1)) -%}

    {% set neighbours_sql %}
        select
            node,
            min(neighbour) as smallest,
            min(neighbour) = max(neighbour) as has_one,
            least(node, min(neighbour)) as pointer,
            case when min(neighbour) = max(neighbour) then min(neighbour) else least(node, min(neighbour)) end as looks_at
        from (
            select node_a as node, node_b as neighbour from {{ links }}
            union all
            select node_b, node_a from {{ links }}
        ) as both_directions
        group by node
    {% endset %}
    {% set targets_sql %}
        select
            origin.node,
            origin.has_one and not (pointed.has_one and origin.node < origin.smallest) as is_leaf,
            case
                when origin.has_one and not (pointed.has_one and origin.node < origin.smallest) then origin.smallest
                when pointed.has_one then origin.pointer
                else pointed.pointer
            end as target
        from {{ neighbours }} as origin
        inner join {{ neighbours }} as pointed on origin.looks_at = pointed.node
    {% endset %}
    {#- Equal ends drop out after the joins: as a join condition it would let a planner compare every pair of nodes. -#}
    {% set links_sql %}
        select distinct node_a, node_b
        from (
            select
                least(end_a.target, end_b.target) as node_a,
                greatest(end_a.target, end_b.target) as node_b
            from {{ links }} as links
            inner join {{ targets }} as end_a on links.node_a = end_a.node
            inner join {{ targets }} as end_b on links.node_b = end_b.node
            where not end_a.is_leaf and not end_b.is_leaf
        ) as contracted
        where node_a <> node_b
    {% endset %}

    {% do run_query(onefolk.create_scratch_table(neighbours, neighbours_sql)) %}
    {% do run_query(onefolk.create_scratch_table(targets, targets_sql)) %}
    {% do run_query(onefolk.create_scratch_table(next_links, links_sql)) %}
    {% do adapter.drop_relation(neighbours) %}
    {% do adapter.drop_relation(links) %}
{%- endmacro %}
