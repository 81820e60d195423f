-- One row per line of an online order, as last landed.
with source as (
    select
        *,
        {{ version_rank('commerce', 'order_lines') }} as version_rank
    from {{ source('commerce', 'order_lines') }}
    where {{ is_readable('commerce', 'order_lines') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('order_id') }} as order_id,
        {{ scoped_id('product_id') }} as product_id,
        {{ try_to('integer', 'line_no') }} as line_no,
        {{ try_to('numeric(28,6)', 'quantity') }} as quantity,
        {{ try_to('numeric(28,6)', 'unit_price') }} as unit_price_amount,
        {{ try_to('numeric(28,6)', 'discount') }} as discount_amount,
        {{ try_to('numeric(28,6)', 'tax') }} as tax_amount,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
