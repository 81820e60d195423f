-- One row per source record that names someone: the strongest identifier in it.
{{ config(materialized='view', access='protected') }}

with strongest_identifiers as (
    select
        record_source,
        record_id,
        identifier_key,
        identifier_type,
        data_party,
        seen_at
    from {{ ref('record_anchors') }}
    where identifier_key is not null
)

select * from strongest_identifiers
