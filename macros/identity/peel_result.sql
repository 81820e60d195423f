{#- The smallest node of a component names it, whatever names the rounds gave. -#}
{% macro peel_result(base, rounds, is_guarded) -%}
    with named as (
        select
            nodes.node_key,
            labels.label,
            nodes.node
        from {{ onefolk.peel_scratch(base, 'nodes') }} as nodes
        inner join {{ onefolk.peel_scratch(base, 'labels') }} as labels on nodes.node = labels.node
    ),

    smallest as (
        select label, min(node) as node
        from named
        group by label
    )

    select
        named.node_key,
        first_nodes.node_key as component_key
        {% if is_guarded %}
            , coalesce(held_back.label, taken_apart.label, named.label) as linked_id
            , cast({{ rounds }} as integer) as round_count
            , cast(given.version as bigint) as version
            , held_back.node is not null as is_held_back
            , held_back.node is not null or taken_apart.node is not null as is_guarded
        {% endif %}
    from named
    inner join smallest on named.label = smallest.label
    inner join {{ onefolk.peel_scratch(base, 'nodes') }} as first_nodes on smallest.node = first_nodes.node
    {% if is_guarded %}
        left join {{ onefolk.peel_scratch(base, 'held_back') }} as held_back on named.node = held_back.node
        left join {{ onefolk.peel_scratch(base, 'taken_apart') }} as taken_apart on named.node = taken_apart.node
        cross join (select max(version) as version from {{ onefolk.peel_scratch(base, 'given') }}) as given
    {% endif %}
{%- endmacro %}
