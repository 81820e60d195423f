-- One row per request of a data subject, as last landed.
with source as (
    select
        *,
        {{ version_rank('privacy', 'requests') }} as version_rank
    from {{ source('privacy', 'requests') }}
    where {{ is_readable('privacy', 'requests') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('request_id') }} as request_id,
        {{ try_to('text', 'type') }} as request_type,
        {{ try_to('text', 'id_type') }} as id_type,
        {{ try_to('text', 'id_value') }} as id_value,
        {{ try_to('timestamp', 'received_at') }} as received_at,
        {{ try_to('timestamp', 'verified_at') }} as verified_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
