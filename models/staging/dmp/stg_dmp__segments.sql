-- One row per segment that a provider offers, as last landed.
with source as (
    select
        *,
        {{ version_rank('dmp', 'segments') }} as version_rank
    from {{ source('dmp', 'segments') }}
    where {{ is_readable('dmp', 'segments') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ try_to('text', 'segment_id') }} as segment_id,
        {{ try_to('text', 'provider') }} as provider,
        {{ try_to('text', 'taxonomy') }} as taxonomy,
        {{ try_to('text', 'label') }} as label,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
