-- Fails if something is allowed with whoever holds the address in an objection or erasure request, without a later yes.
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
    select
        permissions.profile_id,
        permissions.purpose,
        permissions.channel
    from requests
    inner join {{ ref('identifiers') }} as identifiers on requests.identifier_key = identifiers.identifier_key
    inner join {{ ref('permissions') }} as permissions
        on identifiers.profile_id = permissions.profile_id and permissions.is_allowed
    left join {{ ref('identifier_permissions') }} as agreements
        on
            permissions.profile_id = agreements.profile_id
            and permissions.purpose = agreements.purpose
            and permissions.channel = agreements.channel
            and requests.requested_at < agreements.agreed_at
    where agreements.profile_id is null
)

select * from allowed_after_all
