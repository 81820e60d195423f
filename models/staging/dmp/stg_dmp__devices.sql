-- One row per device seen by a provider, as last landed.
with source as (
    select
        *,
        {{ version_rank('dmp', 'devices') }} as version_rank
    from {{ source('dmp', 'devices') }}
    where {{ is_readable('dmp', 'devices') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ try_to('text', 'device_id') }} as device_id,
        {{ try_to('text', 'cookie_id') }} as cookie_id,
        {{ try_to('text', 'provider') }} as provider,
        {{ try_to('text', 'id_type') }} as id_type,
        {{ truncated_ip('ip') }} as ip_truncated,
        {{ try_to('timestamp', 'first_seen_at') }} as first_seen_at,
        {{ try_to('timestamp', 'last_seen_at') }} as last_seen_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
