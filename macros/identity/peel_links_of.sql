{#- The links that a model gave, with their columns, inside the components that a query picks by label. Equal ends are told
    by their keys: compared by node, a planner would look at every pair of nodes. -#}
{% macro peel_links_of(base, step, picked_labels) -%}
    {% set links_sql %}
        with inside as (
            select node_key, node from {{ onefolk.peel_scratch(base, 'labels') }}
            where label in ({{ picked_labels }})
        )
        select end_a.node as node_a, end_b.node as node_b, given.*
        from {{ onefolk.peel_scratch(base, 'given') }} as given
        inner join inside as end_a on given.key_a = end_a.node_key
        inner join inside as end_b on given.key_b = end_b.node_key
        where given.is_current and given.key_a <> given.key_b
    {% endset %}
    {% do run_query(onefolk.create_scratch_table(onefolk.peel_scratch(base, step), links_sql)) %}
{%- endmacro %}
