{#- From the last step back to the first: who pointed takes the label of what it pointed at, and its leaves take its. -#}
{% macro peel_fold(base, steps) -%}
    {%- for step in range(steps | length - 1, -1, -1) -%}
        {%- set targets = onefolk.peel_scratch(base, 'targets_' ~ step) -%}
        {%- set labels = onefolk.peel_scratch(base, 'labels_' ~ step) -%}
        {%- set later_labels = onefolk.peel_scratch(base, 'labels_' ~ (step + 1)) -%}
        {%- set is_last = loop.first -%}
        {% set labels_sql %}
            {% if steps[step] == 'renaming' %}
                select renamed.node, label_nodes.node as label
                from {{ targets }} as renamed
                inner join {{ later_labels }} as later on renamed.target = later.node
                inner join {{ targets }} as label_nodes on later.label = label_nodes.target
            {% else %}
                with pointing as (
                    {% if is_last %}
                        select node, target as label from {{ targets }} where not is_leaf
                    {% else %}
                        select targets.node, coalesce(later.label, targets.target) as label
                        from {{ targets }} as targets
                        left join {{ later_labels }} as later on targets.target = later.node
                        where not targets.is_leaf
                    {% endif %}
                )
                select node, label from pointing
                union all
                select leaves.node, pointing.label
                from {{ targets }} as leaves
                inner join pointing on leaves.target = pointing.node
                where leaves.is_leaf
            {% endif %}
        {% endset %}
        {% do run_query(onefolk.create_scratch_table(labels, labels_sql)) %}
        {% do adapter.drop_relation(targets) %}
        {% if not is_last %}
            {% do adapter.drop_relation(later_labels) %}
        {% endif %}
    {%- endfor -%}
    {#- Keys last and once: they are long, and every step that carried them would copy them. -#}
    {% do run_query(onefolk.create_scratch_table(onefolk.peel_scratch(base, 'labels'),
        "select nodes.node_key, nodes.node, " ~ ("labels.label" if steps else "nodes.node as label")
        ~ " from " ~ onefolk.peel_scratch(base, 'nodes') ~ " as nodes"
        ~ (" inner join " ~ onefolk.peel_scratch(base, 'labels_0') ~ " as labels on nodes.node = labels.node" if steps else "")
    )) %}
{%- endmacro %}
