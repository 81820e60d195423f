{#- Gives the nodes of `changed` (node, label) their new labels; the others keep theirs. -#}
{% macro peel_relabel(base, changed) -%}
    {%- set labels = onefolk.peel_scratch(base, 'labels') -%}
    {%- set relabelled = onefolk.peel_scratch(base, 'relabelled') -%}
    {% do run_query(onefolk.create_scratch_table(relabelled,
        "select labels.node_key, labels.node, coalesce(changed.label, labels.label) as label from " ~ labels ~ " as labels left join ("
        ~ changed ~ ") as changed on labels.node = changed.node"
    )) %}
    {% do adapter.drop_relation(labels) %}
    {% do adapter.rename_relation(relabelled, labels) %}
{%- endmacro %}
