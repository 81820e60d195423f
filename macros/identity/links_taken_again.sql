{#-
    All links, or in a later run those of the components that won or lost a link or mark, and of those that a guard took
    apart: their links may have changed places. A link that is no more comes along as such, so that its ends are known.
-#}
{% macro links_taken_again(relation, links, journal) -%}
    {%- set columns = "links.key_a, links.key_b, links.apart_as, links.link_strength, links.evidence_count,"
        ~ " links.seen_month_at, links.last_seen_at, links.loaded_at" -%}
    {%- if not onefolk.peel_is_incremental(relation) -%}
        select
            {{ columns }},
            true as is_current,
            journal.version
        from {{ links }} as links
        cross join (select coalesce(max(version), 0) as version from {{ journal }}) as journal
    {%- else -%}
        with changed_links as (
            select key_a, key_b, apart_as, version, is_current from {{ journal }}
            where version > {{ onefolk.highest_version(relation, 'version', journal) }}
        ),

        changed_nodes as (
            select key_a as node_key from changed_links
            union
            select key_b as node_key from changed_links
            where key_b <> ''
        ),

        touched_components as (
            select components.linked_id
            from {{ relation }} as components
            inner join changed_nodes on components.node_key = changed_nodes.node_key
            union
            select linked_id from {{ relation }}
            where is_guarded
        ),

        nodes as (
            select components.node_key
            from {{ relation }} as components
            inner join touched_components on components.linked_id = touched_components.linked_id
            union
            select node_key from changed_nodes
        )

        select
            {{ columns }},
            true as is_current,
            journal.version
        from {{ links }} as links
        inner join nodes on links.key_a = nodes.node_key
        cross join (select coalesce(max(version), 0) as version from {{ journal }}) as journal
        union all
        select
            key_a,
            key_b,
            apart_as,
            cast(null as integer) as link_strength,
            cast(null as bigint) as evidence_count,
            cast(null as timestamp) as seen_month_at,
            cast(null as timestamp) as last_seen_at,
            cast(null as timestamp) as loaded_at,
            false as is_current,
            version
        from changed_links
        where not is_current
    {%- endif -%}
{%- endmacro %}
