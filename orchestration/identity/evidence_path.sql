-- One row per link on a shortest path of accepted evidence from one identifier to another of the same profile.
with recursive
ends as (
    select 'KEY OF ONE IDENTIFIER' as start_key, 'KEY OF ANOTHER' as end_key
),

-- Every link, walked in both directions.
steps as (
    select identifier_key_a as from_key, identifier_key_b as to_key from identity.identity_links
    union
    select identifier_key_b as from_key, identifier_key_a as to_key from identity.identity_links
),

-- Whatever is reached from the start, and after how many links; paths longer than 12 links are not looked for.
reached as (
    select start_key as identifier_key, 0 as link_count from ends
    union
    select steps.to_key, reached.link_count + 1
    from reached
    inner join steps on reached.identifier_key = steps.from_key
    where reached.link_count < 12
),

nearest as (
    select identifier_key, min(link_count) as link_count from reached group by identifier_key
),

-- Of the identifiers one link nearer to the start, one leads on.
led_by as (
    select nearest.identifier_key, nearest.link_count, min(steps.from_key) as nearer_key
    from nearest
    inner join steps on nearest.identifier_key = steps.to_key
    inner join nearest as nearer
        on steps.from_key = nearer.identifier_key and nearest.link_count = nearer.link_count + 1
    group by nearest.identifier_key, nearest.link_count
),

-- Walked back from the end to the start.
path as (
    select led_by.identifier_key, led_by.nearer_key, led_by.link_count
    from led_by
    inner join ends on led_by.identifier_key = ends.end_key
    union
    select led_by.identifier_key, led_by.nearer_key, led_by.link_count
    from path
    inner join led_by on path.nearer_key = led_by.identifier_key
)

select
    path.link_count as position,
    path.nearer_key as from_key,
    near.identifier_type as from_type,
    path.identifier_key as to_key,
    far.identifier_type as to_type,
    links.link_rule,
    links.first_source,
    links.sample_record,
    links.link_strength,
    links.source_count,
    links.evidence_count,
    links.first_seen_at,
    links.last_seen_at
from path
inner join identity.identity_links as links
    on
        least(path.identifier_key, path.nearer_key) = links.identifier_key_a
        and greatest(path.identifier_key, path.nearer_key) = links.identifier_key_b
inner join identity.identifiers as near on path.nearer_key = near.identifier_key
inner join identity.identifiers as far on path.identifier_key = far.identifier_key
order by path.link_count, links.link_rule
