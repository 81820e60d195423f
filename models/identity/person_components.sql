-- One row per account or value with an undisputed link to another: the person.
{{ config(
    materialized='connected_components',
    node_ids='hex',
    is_guarded=true,
    strongest_first=link_order(),
    contested=var('contested_identifiers'),
    most_nodes=var('max_profile_identifiers')
) }}

with links as (
    select
        account_key_a as key_a,
        account_key_b as key_b,
        cast(null as {{ dbt.type_string() }}) as apart_as,
        link_strength,
        evidence_count,
        seen_month_at,
        last_seen_at,
        loaded_at
    from {{ ref('person_links') }}
    where not is_contested
),

separators as (
    select distinct
        coalesce(accounts.component_key, separators.identifier_key) as key_a,
        cast(null as {{ dbt.type_string() }}) as key_b,
        separators.apart_as,
        cast(null as integer) as link_strength,
        cast(null as bigint) as evidence_count,
        cast(null as timestamp) as seen_month_at,
        cast(null as timestamp) as last_seen_at,
        cast(null as timestamp) as loaded_at
    from {{ ref('identity_separators') }} as separators
    left join {{ ref('account_components') }} as accounts on separators.identifier_key = accounts.node_key
),

links_and_separators as (
    select * from links
    union all
    select * from separators
)

select * from links_and_separators
