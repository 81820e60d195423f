-- One row per pair of identifiers and rule that records speak for or spoke for: how many do, and since when.
{{ config(materialized='incremental', unique_key=['identifier_key_a', 'identifier_key_b', 'link_rule']) }}

with record_links as (
    select * from {{ ref('record_links') }}
),

dirty_pairs as (
    select
        identifier_key_a,
        identifier_key_b,
        link_rule,
        max(version) as version
    from record_links
    where version > {{ last_version(this, 'version', ref('record_links')) }}
    group by identifier_key_a, identifier_key_b, link_rule
),

evidence as (
    select
        dirty_pairs.identifier_key_a,
        dirty_pairs.identifier_key_b,
        dirty_pairs.link_rule,
        max(links.rejected_reason) as rejected_reason,
        min({{ byte_order('links.record_source') }}) as first_source,
        min({{ byte_order("links.record_source || '/' || links.record_id") }}) as sample_record,
        count(distinct links.record_source) as source_count,
        count(links.record_id) as evidence_count,
        max(links.confidence) as confidence,
        min(links.first_seen_at) as first_seen_at,
        max(links.last_seen_at) as last_seen_at,
        min(links.loaded_at) as loaded_at,
        dirty_pairs.version
    from dirty_pairs
    left join record_links as links
        on
            dirty_pairs.identifier_key_a = links.identifier_key_a
            and dirty_pairs.identifier_key_b = links.identifier_key_b
            and dirty_pairs.link_rule = links.link_rule
            and links.is_current
    group by
        dirty_pairs.identifier_key_a,
        dirty_pairs.identifier_key_b,
        dirty_pairs.link_rule,
        dirty_pairs.version
)

select * from evidence
