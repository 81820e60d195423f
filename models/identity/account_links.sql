-- One row per link that joins accounts, or mark that keeps an identifier apart from the others of its mark.
{{ config(materialized='view') }}

with links as (
    select
        identifier_key_a as key_a,
        identifier_key_b as key_b,
        '' as apart_as,
        link_strength,
        evidence_count,
        seen_month_at,
        last_seen_at,
        loaded_at
    from {{ ref('link_candidates') }}
    where joins_people = 'always' and rejected_reason is null
),

{{ marks_as_links("select identifier_key as key_a, apart_as from " ~ ref('identity_separators')) }}

links_and_marks as (
    select * from links
    union all
    select * from marks
)

select * from links_and_marks
