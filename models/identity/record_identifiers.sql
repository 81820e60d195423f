-- One row per source record that names someone: the strongest identifier in it.
{{ config(access='protected') }}

with usable_observations as (
    select record_source, record_id, identifier_key, identifier_type, data_party, strength, last_seen_at
    from {{ ref('identifier_observations') }}
    where rejected_reason is null
),

ranked_observations as (
    select
        record_source,
        record_id,
        identifier_key,
        identifier_type,
        data_party,
        last_seen_at as seen_at,
        row_number() over (partition by record_source, record_id order by strength, identifier_key) as strength_rank
    from usable_observations
),

strongest_identifiers as (
    select record_source, record_id, identifier_key, identifier_type, data_party, seen_at
    from ranked_observations
    where strength_rank = 1
)

select * from strongest_identifiers
