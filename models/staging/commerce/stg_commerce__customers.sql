-- One row per customer account of the shop, as last updated.
with source as (
    select
        *,
        {{ version_rank('commerce', 'customers') }} as version_rank
    from {{ source('commerce', 'customers') }}
    where {{ is_readable('commerce', 'customers') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('shop_customer_id') }} as shop_customer_id,
        {{ try_to('text', 'email') }} as email,
        {{ try_to('text', 'phone') }} as phone,
        {{ try_to('text', 'first_name') }} as first_name,
        {{ try_to('text', 'last_name') }} as last_name,
        {{ try_to('boolean', 'accepts_marketing') }} as accepts_marketing,
        {{ try_to('timestamp', 'created_at') }} as created_at,
        {{ try_to('timestamp', 'updated_at') }} as updated_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
