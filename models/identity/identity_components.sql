-- One row per linked identifier: the component it belongs to.
{{ config(materialized='connected_components') }}

select distinct
    identifier_key_a as key_a,
    identifier_key_b as key_b
from {{ ref('identity_links') }}
