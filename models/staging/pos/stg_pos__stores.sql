-- One row per store, as last landed.
with source as (
    select
        *,
        {{ version_rank('pos', 'stores') }} as version_rank
    from {{ source('pos', 'stores') }}
    where {{ is_readable('pos', 'stores') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('store_id') }} as store_id,
        {{ try_to('text', 'name') }} as store_name,
        {{ try_to('text', 'city') }} as city,
        {{ try_to('text', 'country') }} as country,
        {{ try_to('numeric(28,6)', 'latitude') }} as latitude,
        {{ try_to('numeric(28,6)', 'longitude') }} as longitude,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
