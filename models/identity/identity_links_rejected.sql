-- One row per link that was not accepted and the rule that proposed it.
{{ config(access='public') }}

with rejected_links as (
    select * from {{ ref('judged_links') }}
    where rejected_reason is not null
),

ends_of_held_back_links as (
    select identifier_key_a as identifier_key from rejected_links
    where rejected_reason = 'size_limit'
    union all
    select identifier_key_b as identifier_key from rejected_links
    where rejected_reason = 'size_limit'
),

held_back_links_per_end as (
    select identifier_key, count(*) as link_count
    from ends_of_held_back_links
    group by identifier_key
),

links as (
    select
        rejected_links.identifier_key_a,
        rejected_links.identifier_key_b,
        -- What would have made a giant is the end with more links that were held back.
        case
            when rejected_links.rejected_reason <> 'size_limit' then rejected_links.cause_key
            when ends_a.link_count >= ends_b.link_count then rejected_links.identifier_key_a
            else rejected_links.identifier_key_b
        end as cause_key,
        rejected_links.link_rule,
        rejected_links.rejected_reason,
        rejected_links.first_source,
        rejected_links.sample_record,
        cast(rejected_links.link_strength as integer) as link_strength,
        cast(rejected_links.source_count as integer) as source_count,
        cast(rejected_links.evidence_count as bigint) as evidence_count,
        rejected_links.first_seen_at,
        rejected_links.last_seen_at,
        rejected_links.expires_at
    from rejected_links
    left join held_back_links_per_end as ends_a on rejected_links.identifier_key_a = ends_a.identifier_key
    left join held_back_links_per_end as ends_b on rejected_links.identifier_key_b = ends_b.identifier_key
)

select * from links
