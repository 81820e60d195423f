-- One row per identifier that joins people and has a link to another such: the account, all that records name together.
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
        identifier_key_a as key_a,
        identifier_key_b as key_b,
        cast(null as {{ dbt.type_string() }}) as apart_as,
        link_strength,
        evidence_count,
        seen_month_at,
        last_seen_at,
        loaded_at
    from {{ ref('link_candidates') }}
    where joins_people = 'always' and rejected_reason is null
),

separators as (
    select
        identifier_key as key_a,
        cast(null as {{ dbt.type_string() }}) as key_b,
        apart_as,
        cast(null as integer) as link_strength,
        cast(null as bigint) as evidence_count,
        cast(null as timestamp) as seen_month_at,
        cast(null as timestamp) as last_seen_at,
        cast(null as timestamp) as loaded_at
    from {{ ref('identity_separators') }}
),

links_and_separators as (
    select * from links
    union all
    select * from separators
)

select * from links_and_separators
