-- One row per attribute of an identifier as a provider states it, as last landed.
with source as (
    select
        *,
        {{ version_rank('partner', 'attributes') }} as version_rank
    from {{ source('partner', 'attributes') }}
    where {{ is_readable('partner', 'attributes') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ try_to('text', 'provider') }} as provider,
        {{ try_to('text', 'id_type') }} as id_type,
        {{ try_to('text', 'id_value') }} as id_value,
        {{ try_to('text', 'attribute') }} as attribute,
        {{ try_to('text', 'value') }} as attribute_value,
        {{ try_to('timestamp', 'observed_at') }} as observed_at,
        {{ try_to('timestamp', 'expires_at') }} as expires_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
