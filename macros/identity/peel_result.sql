{#- A component is named by the key of the node that the others of it follow. -#}
{% macro peel_result(base, round_count, is_guarded) -%}
    {%- set labels = onefolk.peel_scratch(base, 'labels') -%}
    with names as (
        select label, node_key as component_key from {{ labels }}
        where node = label
    )

    select
        labels.node_key,
        names.component_key
        {% if is_guarded %}
            , coalesce(held_back.label, taken_apart.label, labels.label) as linked_id
            , cast({{ round_count }} as integer) as round_count
            , cast(given.version as bigint) as version
            , held_back.node is not null as is_held_back
            , held_back.node is not null or taken_apart.node is not null as is_guarded
        {% endif %}
    from {{ labels }} as labels
    inner join names on labels.label = names.label
    {% if is_guarded %}
        left join {{ onefolk.peel_scratch(base, 'held_back') }} as held_back on labels.node = held_back.node
        left join {{ onefolk.peel_scratch(base, 'taken_apart') }} as taken_apart on labels.node = taken_apart.node
        cross join (select max(version) as version from {{ onefolk.peel_scratch(base, 'given') }}) as given
    {% endif %}
{%- endmacro %}
