{#- From the last round back to the first: who pointed takes the label of what it pointed at, and its leaves take its. -#}
{% macro peel_fold(base, rounds) -%}
    {%- for round in range(rounds - 1, -1, -1) -%}
        {%- set targets = onefolk.peel_scratch(base, 'targets_' ~ round) -%}
        {%- set labels = onefolk.peel_scratch(base, 'labels' if round == 0 else 'labels_' ~ round) -%}
        {%- set later_labels = onefolk.peel_scratch(base, 'labels_' ~ (round + 1)) -%}
        {%- set is_last = round == rounds - 1 -%}
        {% set labels_sql %}
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
        {% endset %}
        {% do run_query(onefolk.create_scratch_table(labels, labels_sql)) %}
        {% do adapter.drop_relation(targets) %}
        {% if not is_last %}
            {% do adapter.drop_relation(later_labels) %}
        {% endif %}
    {%- endfor -%}
    {% if rounds == 0 %}
        {% do run_query(onefolk.create_scratch_table(onefolk.peel_scratch(base, 'labels'),
            "select node, node as label from " ~ onefolk.peel_scratch(base, 'nodes')
        )) %}
    {% endif %}
{%- endmacro %}
