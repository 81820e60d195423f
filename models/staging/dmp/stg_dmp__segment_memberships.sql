-- One row per identifier in a segment of a provider, as last landed.
with source as (
    select
        *,
        {{ version_rank('dmp', 'segment_memberships') }} as version_rank
    from {{ source('dmp', 'segment_memberships') }}
    where {{ is_readable('dmp', 'segment_memberships') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ try_to('text', 'segment_id') }} as segment_id,
        {{ try_to('text', 'provider') }} as provider,
        {{ try_to('text', 'id_type') }} as id_type,
        {{ try_to('text', 'id_value') }} as id_value,
        {{ try_to('numeric(28,6)', 'confidence') }} as confidence,
        {{ try_to('timestamp', 'observed_at') }} as observed_at,
        {{ try_to('timestamp', 'expires_at') }} as expires_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
