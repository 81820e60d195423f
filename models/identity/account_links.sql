-- One row per link that joins accounts, or mark that keeps an identifier apart from the others of its mark.
with links as (
    select
        identifier_key_a as key_a,
        identifier_key_b as key_b,
        link_strength,
        evidence_count,
        seen_month_at,
        last_seen_at,
        loaded_at
    from {{ ref('link_candidates') }}
    where joins_people = 'always' and rejected_reason is null
),

marks as (
    select
        identifier_key as key_a,
        apart_as
    from {{ ref('identity_separators') }}
),

{{ links_and_marks('links', 'marks') }}

select * from links_and_marks
