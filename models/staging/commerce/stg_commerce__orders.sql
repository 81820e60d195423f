-- One row per online order, as last updated.
with source as (
    select
        *,
        {{ version_rank('commerce', 'orders') }} as version_rank
    from {{ source('commerce', 'orders') }}
    where {{ is_readable('commerce', 'orders') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('order_id') }} as order_id,
        {{ scoped_id('shop_customer_id') }} as shop_customer_id,
        {{ try_to('text', 'anonymous_id') }} as anonymous_id,
        {{ try_to('text', 'cart_id') }} as cart_id,
        {{ try_to('text', 'email') }} as email,
        {{ try_to('text', 'phone') }} as phone,
        {{ try_to('text', 'status') }} as order_status,
        {{ try_to('text', 'channel') }} as order_channel,
        {{ try_to('text', 'currency') }} as currency,
        {{ try_to('text', 'coupon_code') }} as coupon_code,
        {{ try_to('numeric(28,6)', 'subtotal') }} as subtotal_amount,
        {{ try_to('numeric(28,6)', 'discount') }} as discount_amount,
        {{ try_to('numeric(28,6)', 'tax') }} as tax_amount,
        {{ try_to('numeric(28,6)', 'shipping') }} as shipping_amount,
        {{ try_to('numeric(28,6)', 'total') }} as total_amount,
        {{ try_to('timestamp', 'ordered_at') }} as ordered_at,
        {{ try_to('timestamp', 'updated_at') }} as updated_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
