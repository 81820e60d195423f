-- One row per accepted link between two identifiers and the rule that made it.
{{ config(access='public') }}

with links as (
    select
        identifier_key_a,
        identifier_key_b,
        link_rule,
        first_source,
        sample_record,
        cast(link_strength as integer) as link_strength,
        cast(source_count as integer) as source_count,
        cast(evidence_count as bigint) as evidence_count,
        first_seen_at,
        last_seen_at,
        expires_at
    from {{ ref('judged_links') }}
    where rejected_reason is null
)

select * from links
