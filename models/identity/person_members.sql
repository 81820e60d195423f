-- One row per identifier: the person it belongs to, or itself.
with seen as (
    select
        identifier_key,
        joins_people,
        true as is_seen
    from {{ ref('seen_identifiers') }}
),

-- A steward may link what no record holds yet: it joins the others, and is nobody's identifier until it is seen.
identifiers as (
    select * from seen
    union all
    select
        accounts.node_key as identifier_key,
        'always' as joins_people,
        false as is_seen
    from {{ ref('account_components') }} as accounts
    left join seen on accounts.node_key = seen.identifier_key
    where seen.identifier_key is null
),

members as (
    select
        seen.identifier_key,
        coalesce(people.component_key, accounts.component_key, seen.identifier_key) as person_key,
        seen.joins_people <> 'never' as is_of_person,
        seen.is_seen,
        coalesce(people.is_held_back, false) or coalesce(accounts.is_held_back, false) as is_held_back
    from identifiers as seen
    left join {{ ref('account_components') }} as accounts on seen.identifier_key = accounts.node_key
    left join {{ ref('person_components') }} as people
        on coalesce(accounts.component_key, seen.identifier_key) = people.node_key
)

select * from members
