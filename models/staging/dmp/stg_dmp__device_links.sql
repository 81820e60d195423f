-- One row per pair of identifiers that a provider takes for one person, as last landed.
with source as (
    select
        *,
        {{ version_rank('dmp', 'device_links') }} as version_rank
    from {{ source('dmp', 'device_links') }}
    where {{ is_readable('dmp', 'device_links') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ try_to('text', 'id_a') }} as id_a,
        {{ try_to('text', 'id_b') }} as id_b,
        {{ try_to('text', 'provider') }} as provider,
        {{ try_to('text', 'id_type_a') }} as id_type_a,
        {{ try_to('text', 'id_type_b') }} as id_type_b,
        {{ try_to('text', 'link_type') }} as link_type,
        {{ try_to('numeric(28,6)', 'confidence') }} as confidence,
        {{ try_to('timestamp', 'observed_at') }} as observed_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
