-- One row per identifier, provider and segment that the provider says it is in.
{{ config(access='public') }}

with memberships as (
    select
        case id_type when 'cookie_id' then 'stg_dmp__cookies' else 'stg_dmp__devices' end as record_source,
        id_value as record_id,
        provider,
        segment_id,
        confidence,
        observed_at,
        -- Bought values expire, whatever the provider says.
        least(
            coalesce(expires_at, {{ dbt.dateadd('day', var('third_party_days'), 'observed_at') }}),
            {{ dbt.dateadd('day', var('third_party_days'), 'observed_at') }}
        ) as expires_at
    from {{ ref('stg_dmp__segment_memberships') }}
    where id_type in ('cookie_id', 'device_id') and {{ is_used_party("'third'") }}
),

segments as (
    select provider, segment_id, taxonomy, label from {{ ref('stg_dmp__segments') }}
),

-- A provider of whom no licence landed is bound by the days alone; one whose licences ran out counts no more.
licences as (
    {{ licences_in_force(ref('stg_partner__licences')) }}
),

third_party_segments as (
    select
        door.identifier_key,
        memberships.provider,
        memberships.segment_id,
        door.profile_id,
        segments.taxonomy,
        segments.label,
        licences.licensed_purposes,
        memberships.confidence,
        memberships.observed_at is not null
        and memberships.expires_at > {{ as_of() }}
        and coalesce(licences.is_licensed, true) as is_current,
        memberships.observed_at,
        least(memberships.expires_at, coalesce(licences.licensed_until, memberships.expires_at)) as expires_at
    from memberships
    inner join {{ ref('profiles_door') }} as door
        on memberships.record_source = door.record_source and memberships.record_id = door.record_id
    left join segments on memberships.provider = segments.provider and memberships.segment_id = segments.segment_id
    left join licences on memberships.provider = licences.provider
)

select * from third_party_segments
