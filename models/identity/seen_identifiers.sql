-- One row per identifier that may name somebody: when it was seen, and what its links must heed.
with sightings as (
    select * from {{ ref('identifier_sightings') }}
    where record_count > 0
),

seen as (
    select
        sightings.identifier_key,
        sightings.identifier_type,
        types.joins_people,
        types.strength,
        cast(sightings.record_count as bigint) as record_count,
        types.max_per_profile,
        types.ttl_days,
        types.third_party_ttl_days,
        types.max_age_days,
        types.is_known,
        types.is_unique,
        coalesce(statuses.is_shared, false) as is_shared,
        coalesce(consents.is_granted, false) as is_consented,
        sightings.first_seen_at,
        sightings.last_seen_at,
        {{ link_expiry(
            'sightings.first_seen_at', 'sightings.last_seen_at', 'sightings.is_first_party', ['types']
        ) }} as expires_at
    from sightings
    inner join {{ ref('identifier_types') }} as types on sightings.identifier_type = types.identifier_type
    left join {{ ref('unusable_identifiers') }} as statuses on sightings.identifier_key = statuses.identifier_key
    left join {{ ref('link_consents') }} as consents
        on sightings.identifier_key = consents.identifier_key and types.third_party_purpose = consents.purpose
    where not coalesce(statuses.is_blocked, false)
)

select * from seen
