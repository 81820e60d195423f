-- One row per cart and product that was put into it: what is left of it there.
{{ config(access='public') }}

with changes as (
    select
        cart_id,
        product_id,
        price_amount,
        currency,
        case event_name when 'Product Added' then 1 else -1 end * coalesce(quantity, 1) as quantity,
        row_number() over (
            partition by cart_id, product_id
            order by
                case when price_amount is null then 1 else 0 end, occurred_at desc, {{ byte_order('message_id') }} desc
        ) as recency
    from {{ ref('stg_events__events') }}
    where
        cart_id is not null
        and product_id is not null
        and event_name in ('Product Added', 'Product Removed')
),

cart_items as (
    select
        cart_id,
        product_id,
        max(case when recency = 1 then currency end) as currency,
        cast(greatest(sum(quantity), 0) as numeric(28, 6)) as quantity,
        cast(max(case when recency = 1 then price_amount end) as numeric(28, 6)) as price_amount
    from changes
    group by cart_id, product_id
)

select * from cart_items
