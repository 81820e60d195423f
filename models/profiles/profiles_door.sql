-- One row per source record that names someone: the profile it belongs to now.
{{ config(materialized='view') }}

with records as (
    select record_source, record_id, identifier_key from {{ ref('record_identifiers') }}
    union all
    select record_source, record_id, identifier_key from {{ ref('named_identifiers') }}
),

profiles_of_records as (
    select
        records.record_source,
        records.record_id,
        records.identifier_key,
        identifiers.profile_id
    from records
    inner join {{ ref('identifiers') }} as identifiers on records.identifier_key = identifiers.identifier_key
)

select * from profiles_of_records
