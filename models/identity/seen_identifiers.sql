-- One row per identifier that may name somebody: when it was seen, and what its links must heed.
with observations as (
    select
        identifier_key,
        identifier_type,
        count(*) as record_count,
        max(case when data_party = 'first' then 1 else 0 end) = 1 as is_first_party,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from {{ ref('identifier_observations') }}
    where rejected_reason is null
    group by identifier_key, identifier_type
),

seen as (
    select
        observations.identifier_key,
        observations.identifier_type,
        types.joins_people,
        types.strength,
        cast(observations.record_count as bigint) as record_count,
        types.max_per_profile,
        types.ttl_days,
        types.third_party_ttl_days,
        types.max_age_days,
        types.is_known,
        types.is_unique,
        shared.identifier_key is not null as is_shared,
        coalesce(consents.is_granted, false) as is_consented,
        observations.first_seen_at,
        observations.last_seen_at,
        {{ link_expiry(
            'observations.first_seen_at', 'observations.last_seen_at', 'observations.is_first_party', ['types']
        ) }} as expires_at
    from observations
    inner join {{ ref('identifier_types') }} as types on observations.identifier_type = types.identifier_type
    left join {{ ref('shared_identifiers') }} as shared on observations.identifier_key = shared.identifier_key
    left join {{ ref('link_consents') }} as consents
        on observations.identifier_key = consents.identifier_key and types.third_party_purpose = consents.purpose
)

select * from seen
