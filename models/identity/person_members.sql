-- One row per identifier: the person it belongs to, or itself.
with members as (
    select
        seen.identifier_key,
        coalesce(people.component_key, accounts.component_key, seen.identifier_key) as person_key,
        seen.joins_people <> 'never' as is_of_person,
        coalesce(people.is_held_back, false) or coalesce(accounts.is_held_back, false) as is_held_back
    from {{ ref('seen_identifiers') }} as seen
    left join {{ ref('account_components') }} as accounts on seen.identifier_key = accounts.node_key
    left join {{ ref('person_components') }} as people
        on coalesce(accounts.component_key, seen.identifier_key) = people.node_key
)

select * from members
