-- One row per accepted link between two identifiers and the rule that made it.
{{ config(access='public') }}

with links as (
    select
        identifier_key_a,
        identifier_key_b,
        link_rule,
        first_source,
        sample_record,
        cast(source_count as integer) as source_count,
        cast(evidence_count as bigint) as evidence_count,
        first_seen_at,
        last_seen_at
    from {{ ref('link_candidates') }}
    where rejected_reason is null
)

select * from links
