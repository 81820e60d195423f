{#-
    A component over the limit gives up its newest links, those that one load brought, and if need be the ones before
    them. What stood before the giant stands again, and the answer depends on the data alone, not on earlier runs.
-#}
{% macro guard_size(base, most_nodes) -%}
    {%- set labels = onefolk.peel_scratch(base, 'labels') -%}
    {%- set held_back = onefolk.peel_scratch(base, 'held_back') -%}
    {%- set part = onefolk.peel_scratch(base, 'giant') -%}
    {%- set oversized = "select label from " ~ labels ~ " group by label having count(*) > " ~ most_nodes -%}
    {%- set counting = "select count(*) from (" ~ oversized ~ ") as oversized" -%}
    {%- set state = namespace(round=0, oversized=run_query(counting).columns[0].values()[0] | int) -%}

    {% do run_query(onefolk.create_scratch_table(held_back,
        "select node, label from " ~ labels ~ " where label in (" ~ oversized ~ ")"
    )) %}
    {% if state.oversized > 0 %}
        {% do onefolk.peel_links_of(base, 'size_links_0', oversized) %}
    {% endif %}
    {%- for _ in range(onefolk.peel_most_rounds()) -%}
        {% if state.oversized > 0 %}
            {%- set links = onefolk.peel_scratch(base, 'size_links_' ~ state.round) -%}
            {%- set kept = onefolk.peel_scratch(base, 'size_links_' ~ (state.round + 1)) -%}
            {% set kept_sql %}
                with newest as (
                    select labels.label, max(links.loaded_at) as loaded_at
                    from {{ links }} as links
                    inner join {{ labels }} as labels on links.node_a = labels.node
                    where labels.label in ({{ oversized }})
                    group by labels.label
                )
                select links.*
                from {{ links }} as links
                inner join {{ labels }} as labels on links.node_a = labels.node
                left join newest on labels.label = newest.label
                where newest.loaded_at is null or links.loaded_at < newest.loaded_at
            {% endset %}
            {% do run_query(onefolk.create_scratch_table(kept, kept_sql)) %}
            {% do onefolk.peel_drop(part) %}
            {% do onefolk.peel(part, "select node_a as key_a, node_b as key_b from " ~ kept, 'integer') %}
            {% do onefolk.peel_relabel(base,
                "select held_back.node, coalesce(parts.label, held_back.node) as label from " ~ held_back
                ~ " as held_back left join " ~ onefolk.peel_scratch(part, 'labels') ~ " as parts on held_back.node = parts.node"
            ) %}
            {% set state.round = state.round + 1 %}
            {% set state.oversized = run_query(counting).columns[0].values()[0] | int %}
            {% do log('connected_components: size guard ' ~ state.round ~ ', ' ~ state.oversized ~ ' left over the limit') %}
        {% endif %}
    {%- endfor -%}
    {% if state.oversized > 0 %}
        {% do exceptions.raise_compiler_error(
            "connected_components: " ~ state.oversized ~ " components are over the limit of " ~ most_nodes ~ " even without"
            ~ " the links of their last " ~ state.round ~ " loads. Raise max_profile_identifiers, or block the value that"
            ~ " joins them: identity_links_rejected of an earlier run names it under size_limit."
        ) %}
    {% endif %}
{%- endmacro %}
