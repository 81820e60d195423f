-- One row per person, device or cookie with a link to another: the profile, of one person at most.
{{ config(
    materialized='connected_components',
    node_ids='hex',
    is_guarded=true,
    strongest_first=link_order(),
    contested=var('contested_identifiers'),
    most_nodes=var('max_profile_identifiers')
) }}

with members as (
    select identifier_key, person_key, is_of_person from {{ ref('person_members') }}
),

links as (
    select
        members_a.person_key as key_a,
        members_b.person_key as key_b,
        cast(null as {{ dbt.type_string() }}) as apart_as,
        candidates.link_strength,
        candidates.evidence_count,
        candidates.seen_month_at,
        candidates.last_seen_at,
        candidates.loaded_at
    from {{ ref('link_candidates') }} as candidates
    inner join members as members_a on candidates.identifier_key_a = members_a.identifier_key
    inner join members as members_b on candidates.identifier_key_b = members_b.identifier_key
    where candidates.joins_people = 'never' and candidates.rejected_reason is null
),

marks as (
    select
        person_key as key_a,
        'person' as apart_as
    from members
    where is_of_person
    union
    select
        members.person_key as key_a,
        separators.apart_as
    from {{ ref('identity_separators') }} as separators
    inner join members on separators.identifier_key = members.identifier_key
),

separators as (
    select
        key_a,
        cast(null as {{ dbt.type_string() }}) as key_b,
        apart_as,
        cast(null as integer) as link_strength,
        cast(null as bigint) as evidence_count,
        cast(null as timestamp) as seen_month_at,
        cast(null as timestamp) as last_seen_at,
        cast(null as timestamp) as loaded_at
    from marks
),

links_and_separators as (
    select * from links
    union all
    select * from separators
)

select * from links_and_separators
