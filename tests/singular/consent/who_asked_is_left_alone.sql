-- Fails if something is allowed with a profile that holds the address in an objection or erasure request, without a later consent.
with requests as (
    select
        observations.identifier_key,
        max(coalesce(requests.received_at, requests.loaded_at)) as requested_at
    from {{ ref('stg_privacy__requests') }} as requests
    inner join {{ ref('identifier_observations') }} as observations
        on observations.record_source = 'stg_privacy__requests' and requests.request_id = observations.record_id
    where lower(requests.request_type) in ('objection', 'erasure')
    group by observations.identifier_key
),

allowed_after_all as (
    select permissions.*
    from requests
    inner join {{ ref('identifiers') }} as identifiers on requests.identifier_key = identifiers.identifier_key
    inner join {{ ref('permissions') }} as permissions
        on identifiers.profile_id = permissions.profile_id and permissions.is_allowed
    where not exists (
        select 1 from {{ ref('identifier_permissions') }} as agreements
        where
            agreements.profile_id = permissions.profile_id
            and agreements.purpose = permissions.purpose
            and agreements.channel = permissions.channel
            and agreements.agreed_at > requests.requested_at
    )
)

select * from allowed_after_all
