-- One row per link that was not accepted and the rule that proposed it.
{{ config(access='public') }}

with links as (
    select
        identifier_key_a,
        identifier_key_b,
        link_rule,
        rejected_reason,
        first_source,
        sample_record,
        cast(source_count as integer) as source_count,
        cast(evidence_count as bigint) as evidence_count,
        first_seen_at,
        last_seen_at
    from {{ ref('link_candidates') }}
    where rejected_reason is not null
)

select * from links
