-- One row per linked identifier: the component it belongs to.
{{ config(materialized='connected_components') }}

with linked_pairs as (
    select distinct
        identifier_key_a as key_a,
        identifier_key_b as key_b
    from {{ ref('identity_links') }}
)

select * from linked_pairs
