{#- Only whether a link is there counts: how strong it is matters where people are taken apart, and that is done anew. -#}
{% macro link_journal(links) -%}
with links_now as (
    select distinct key_a, key_b, apart_as from {{ links }}
),

links_before as (
    {{ onefolk.rows_so_far(this, {
        'key_a': dbt.type_string(), 'key_b': dbt.type_string(), 'apart_as': dbt.type_string(), 'is_current': 'boolean',
    }) }}
),

changes as (
    select
        coalesce(links_now.key_a, links_before.key_a) as key_a,
        coalesce(links_now.key_b, links_before.key_b) as key_b,
        coalesce(links_now.apart_as, links_before.apart_as) as apart_as,
        cast({{ onefolk.last_version(this) + 1 }} as bigint) as version,
        links_now.key_a is not null as is_current
    from links_now
    full outer join links_before
        on
            links_now.key_a = links_before.key_a
            and links_now.key_b = links_before.key_b
            and links_now.apart_as = links_before.apart_as
    where
        (links_before.key_a is null)
        or (links_now.key_a is null and links_before.is_current)
        or (links_now.key_a is not null and not links_before.is_current)
)
{%- endmacro %}
