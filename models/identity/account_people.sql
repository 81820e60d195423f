-- One row per account and person that its records name: what they are called and when they were born, as keys.
with people as (
    select distinct
        coalesce(accounts.component_key, records.identifier_key) as account_key,
        coalesce(people.first_name_key, '') as first_name_key,
        coalesce(people.birth_date_key, '') as birth_date_key
    from {{ ref('record_people') }} as people
    inner join {{ ref('record_identifiers') }} as records
        on people.record_source = records.record_source and people.record_id = records.record_id
    left join {{ ref('account_components') }} as accounts on records.identifier_key = accounts.node_key
)

select * from people
