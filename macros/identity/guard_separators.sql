{#-
    Where two nodes of one mark met, links are taken again one by one, strongest first, and one that would bring such two
    together is not taken: nodes without a mark thus follow their strongest path to one that has. A mark counts within its
    component: everybody has a user id, and pairs of all of them would never end.
-#}
{% macro guard_separators(base, strongest_first, contested) -%}
    {%- set marks = onefolk.peel_scratch(base, 'marks') -%}
    {%- set conflicts = onefolk.peel_scratch(base, 'conflicts') -%}
    {%- set taken_apart = onefolk.peel_scratch(base, 'taken_apart') -%}
    {%- set picked = "select label from " ~ conflicts -%}
    {% do run_query(onefolk.create_scratch_table(marks,
        "select labels.label, labels.node, given.apart_as from " ~ onefolk.peel_scratch(base, 'given') ~ " as given"
        ~ " inner join " ~ onefolk.peel_scratch(base, 'labels') ~ " as labels on given.key_a = labels.node_key"
        ~ " where given.apart_as <> '' and given.is_current"
    )) %}
    {% do run_query(onefolk.create_scratch_table(conflicts,
        "select label, apart_as, row_number() over (order by label, apart_as) as conflict from ("
        ~ "select label, apart_as from " ~ marks ~ " group by label, apart_as having count(distinct node) > 1) as met"
    )) %}
    {% do run_query(onefolk.create_scratch_table(taken_apart,
        "select node, label from " ~ onefolk.peel_scratch(base, 'labels') ~ " where label in (" ~ picked ~ ")"
    )) %}
    {% if onefolk.peel_count(base, 'conflicts') > 0 %}
        {% do onefolk.peel_links_of(base, 'apart_links', picked) %}
        {% do run_query(onefolk.create_scratch_table(onefolk.peel_scratch(base, 'apart_nodes_0'),
            "select node, node as cluster from " ~ taken_apart
        )) %}
        {% do run_query(onefolk.create_scratch_table(onefolk.peel_scratch(base, 'apart_marks_0'),
            "select distinct marks.node as cluster, conflicts.conflict from " ~ marks ~ " as marks inner join " ~ conflicts
            ~ " as conflicts on marks.label = conflicts.label and marks.apart_as = conflicts.apart_as"
        )) %}
        {% do run_query(onefolk.create_scratch_table(onefolk.peel_scratch(base, 'apart_edges_0'),
            "select node_a as cluster_a, node_b as cluster_b, row_number() over (order by " ~ strongest_first | join(', ')
            ~ ") as link_rank from " ~ onefolk.peel_scratch(base, 'apart_links')
        )) %}
        {% set last = onefolk.separate(base) %}
        {% do onefolk.peel_relabel(base,
            onefolk.settle_contested(base, last) if contested == 'ambiguous'
            else "select node, cluster as label from " ~ onefolk.peel_scratch(base, 'apart_nodes_' ~ last)
        ) %}
    {% endif %}
{%- endmacro %}
