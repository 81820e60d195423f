{#- Of several links between the same two the strongest speaks for all; together they are as old as the oldest. -#}
{% macro links_and_marks(links, marks) -%}
ranked_links as (
    select
        *,
        min(loaded_at) over (partition by key_a, key_b) as first_loaded_at,
        row_number() over (partition by key_a, key_b order by {{ onefolk.link_order() | join(', ') }}) as strength_rank
    from {{ links }}
),

links_and_marks as (
    select
        key_a,
        key_b,
        '' as apart_as,
        link_strength,
        evidence_count,
        seen_month_at,
        last_seen_at,
        first_loaded_at as loaded_at
    from ranked_links
    where strength_rank = 1
    union all
    select
        key_a,
        '' as key_b,
        apart_as,
        cast(null as integer) as link_strength,
        cast(null as bigint) as evidence_count,
        cast(null as timestamp) as seen_month_at,
        cast(null as timestamp) as last_seen_at,
        cast(null as timestamp) as loaded_at
    from {{ marks }}
)
{%- endmacro %}
