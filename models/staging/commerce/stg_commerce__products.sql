-- One row per product, as last updated.
with source as (
    select
        *,
        {{ version_rank('commerce', 'products') }} as version_rank
    from {{ source('commerce', 'products') }}
    where {{ is_readable('commerce', 'products') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('product_id') }} as product_id,
        {{ try_to('text', 'sku') }} as sku,
        {{ try_to('text', 'name') }} as product_name,
        {{ try_to('text', 'category') }} as category,
        {{ try_to('text', 'brand') }} as brand,
        {{ try_to('text', 'currency') }} as currency,
        {{ try_to('numeric(28,6)', 'price') }} as price_amount,
        {{ try_to('numeric(28,6)', 'cost') }} as cost_amount,
        {{ try_to('boolean', 'is_active') }} as is_active,
        {{ try_to('timestamp', 'updated_at') }} as updated_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
