{#-
    Every cluster picks its strongest link to a cluster that it may join. A cluster without a mark follows its pick; two
    with marks join when each is the other's pick. So nothing depends on an order of work, and two marks never meet.
-#}
{% macro separate(base) -%}
    {%- set part = onefolk.peel_scratch(base, 'apart_round') -%}
    {%- set merges = onefolk.peel_scratch(base, 'apart_merges') -%}
    {%- set renamed = onefolk.peel_scratch(part, 'labels') -%}
    {%- set state = namespace(round=0, merges=1) -%}
    {%- for _ in range(onefolk.peel_most_rounds()) -%}
        {% if state.merges > 0 %}
            {%- set nodes = onefolk.peel_scratch(base, 'apart_nodes_' ~ state.round) -%}
            {%- set next_nodes = onefolk.peel_scratch(base, 'apart_nodes_' ~ (state.round + 1)) -%}
            {%- set marks = onefolk.peel_scratch(base, 'apart_marks_' ~ state.round) -%}
            {%- set next_marks = onefolk.peel_scratch(base, 'apart_marks_' ~ (state.round + 1)) -%}
            {%- set edges = onefolk.peel_scratch(base, 'apart_edges_' ~ state.round) -%}
            {%- set next_edges = onefolk.peel_scratch(base, 'apart_edges_' ~ (state.round + 1)) -%}
            {% do onefolk.peel_drop(part) %}
            {% do onefolk.peel_drop(merges) %}
            {% do run_query(onefolk.create_scratch_table(
                onefolk.peel_scratch(merges, 'found'), onefolk.separate_merges(edges, marks)
            )) %}
            {% set state.merges = onefolk.peel_count(merges, 'found') %}
            {% if state.merges > 0 %}
                {% do onefolk.peel(part,
                    "select cluster as key_a, target as key_b from " ~ onefolk.peel_scratch(merges, 'found'), 'integer'
                ) %}
                {% do run_query(onefolk.create_scratch_table(next_nodes,
                    "select nodes.node, coalesce(renamed.label, nodes.cluster) as cluster from " ~ nodes ~ " as nodes left join "
                    ~ renamed ~ " as renamed on nodes.cluster = renamed.node"
                )) %}
                {% do run_query(onefolk.create_scratch_table(next_marks,
                    "select distinct coalesce(renamed.label, marks.cluster) as cluster, marks.conflict from " ~ marks
                    ~ " as marks left join " ~ renamed ~ " as renamed on marks.cluster = renamed.node"
                )) %}
                {% do run_query(onefolk.create_scratch_table(next_edges,
                    "select cluster_a, cluster_b, min(link_rank) as link_rank from (select"
                    ~ " coalesce(renamed_a.label, edges.cluster_a) as cluster_a,"
                    ~ " coalesce(renamed_b.label, edges.cluster_b) as cluster_b, edges.link_rank from " ~ edges ~ " as edges"
                    ~ " left join " ~ renamed ~ " as renamed_a on edges.cluster_a = renamed_a.node"
                    ~ " left join " ~ renamed ~ " as renamed_b on edges.cluster_b = renamed_b.node) as renamed_edges"
                    ~ " where cluster_a <> cluster_b group by cluster_a, cluster_b"
                )) %}
                {% set state.round = state.round + 1 %}
            {% endif %}
        {% endif %}
    {%- endfor -%}
    {% if state.merges > 0 %}
        {% do exceptions.raise_compiler_error(
            'connected_components: components could not be taken apart in ' ~ state.round ~ ' rounds; none are published.'
        ) %}
    {% endif %}
    {{ return(state.round) }}
{%- endmacro %}
