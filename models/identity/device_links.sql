-- One row per link of a device or cookie to another or to a person, or mark that keeps persons apart.
with members as (
    select identifier_key, person_key, is_of_person from {{ ref('person_members') }}
),

links as (
    select
        members_a.person_key as key_a,
        members_b.person_key as key_b,
        '' as apart_as,
        candidates.link_strength,
        candidates.evidence_count,
        candidates.seen_month_at,
        candidates.last_seen_at,
        candidates.loaded_at
    from {{ ref('link_candidates') }} as candidates
    inner join members as members_a on candidates.identifier_key_a = members_a.identifier_key
    inner join members as members_b on candidates.identifier_key_b = members_b.identifier_key
    where
        candidates.joins_people = 'never'
        and candidates.rejected_reason is null
        and members_a.person_key <> members_b.person_key
),

-- Of several links between the same two the strongest speaks for all; together they are as old as the oldest.
ranked_links as (
    select
        *,
        min(loaded_at) over (partition by key_a, key_b) as first_loaded_at,
        row_number() over (partition by key_a, key_b order by {{ link_order() | join(', ') }}) as strength_rank
    from links
),

strongest_links as (
    select
        key_a,
        key_b,
        apart_as,
        link_strength,
        evidence_count,
        seen_month_at,
        last_seen_at,
        first_loaded_at as loaded_at
    from ranked_links
    where strength_rank = 1
),

linked_keys as (
    select key_a as person_key from strongest_links
    union
    select key_b as person_key from strongest_links
),

-- Only who has a device needs a mark against others.
marks_of_linked as (
    select
        members.person_key as key_a,
        'person' as apart_as
    from members
    inner join linked_keys on members.person_key = linked_keys.person_key
    where members.is_of_person
    union
    select
        members.person_key as key_a,
        separators.apart_as
    from {{ ref('identity_separators') }} as separators
    inner join members on separators.identifier_key = members.identifier_key
    inner join linked_keys on members.person_key = linked_keys.person_key
),

{{ marks_as_links("select key_a, apart_as from marks_of_linked") }}

links_and_marks as (
    select * from strongest_links
    union all
    select * from marks
)

select * from links_and_marks
