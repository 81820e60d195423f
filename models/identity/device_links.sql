-- One row per link of a device or cookie to another or to a person, or mark that keeps persons apart.
with members as (
    select identifier_key, person_key, is_of_person from {{ ref('person_members') }}
),

links as (
    select
        members_a.person_key as key_a,
        members_b.person_key as key_b,
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

linked_keys as (
    select key_a as person_key from links
    union
    select key_b as person_key from links
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

{{ links_and_marks('links', 'marks_of_linked') }}

select * from links_and_marks
