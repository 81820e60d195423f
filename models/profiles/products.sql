-- One row per product of the shop.
{{ config(access='public') }}

with products as (
    select
        product_id,
        sku,
        product_name,
        category,
        brand,
        currency,
        price_amount,
        cost_amount,
        is_active,
        updated_at
    from {{ ref('stg_commerce__products') }}
)

select * from products
