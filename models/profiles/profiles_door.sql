-- One row per source record that names someone: the profile it belongs to now.
{{ config(materialized='view') }}

with profiles_of_records as (
    select
        records.record_source,
        records.record_id,
        records.identifier_key,
        identifiers.profile_id
    from {{ ref('record_identifiers') }} as records
    inner join {{ ref('identifiers') }} as identifiers on records.identifier_key = identifiers.identifier_key
)

select * from profiles_of_records
