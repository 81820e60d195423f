-- One row per purpose that the data of a provider may serve, as last landed.
with source as (
    select
        *,
        {{ version_rank('partner', 'licences') }} as version_rank
    from {{ source('partner', 'licences') }}
    where {{ is_readable('partner', 'licences') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ try_to('text', 'provider') }} as provider,
        {{ try_to('text', 'purpose') }} as purpose,
        {{ try_to('timestamp', 'valid_from') }} as valid_from,
        {{ try_to('timestamp', 'valid_until') }} as valid_until,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
