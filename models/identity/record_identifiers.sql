-- One row per source record that names someone: the strongest identifier in it.
{{ config(access='protected') }}

with usable_observations as (
    select record_source, record_id, identifier_key, identifier_type, data_party, strength, last_seen_at
    from {{ ref('identifier_observations') }}
    where rejected_reason is null
),

-- An address that hundreds share stands for a record only when nothing else does.
ranked_observations as (
    select
        usable_observations.record_source,
        usable_observations.record_id,
        usable_observations.identifier_key,
        usable_observations.identifier_type,
        usable_observations.data_party,
        usable_observations.last_seen_at as seen_at,
        row_number() over (
            partition by usable_observations.record_source, usable_observations.record_id
            order by
                case when shared.identifier_key is null then 0 else 1 end,
                usable_observations.strength,
                usable_observations.identifier_key
        ) as strength_rank
    from usable_observations
    left join {{ ref('shared_identifiers') }} as shared
        on usable_observations.identifier_key = shared.identifier_key
),

strongest_identifiers as (
    select record_source, record_id, identifier_key, identifier_type, data_party, seen_at
    from ranked_observations
    where strength_rank = 1
)

select * from strongest_identifiers
