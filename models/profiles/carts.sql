-- One row per cart of the shop, and what became of it.
{{ config(access='public') }}

with cart_events as (
    select
        cart_id,
        profile_id,
        identifier_key,
        row_number() over (
            partition by cart_id
            order by
                case when profile_id is null then 1 else 0 end,
                occurred_at desc,
                {{ byte_order('message_id') }}
        ) as identity_rank,
        occurred_at
    from {{ ref('session_events') }}
    where cart_id is not null
),

last_changes as (
    select
        cart_id,
        max(case when identity_rank = 1 then profile_id end) as profile_id,
        max(case when identity_rank = 1 then identifier_key end) as identifier_key,
        min(occurred_at) as created_at,
        max(occurred_at) as changed_at
    from cart_events
    group by cart_id
),

contents as (
    select
        cart_id,
        max(currency) as currency,
        sum(quantity) as quantity,
        sum(quantity * price_amount) as cart_amount
    from {{ ref('cart_items') }}
    group by cart_id
),

ordered_carts as (
    select cart_id, min(order_id) as order_id, min(ordered_at) as ordered_at
    from {{ ref('orders') }}
    where cart_id is not null
    group by cart_id
),

-- Who left a cart and soon after took one of its products home from a store did not abandon it.
bought_in_store as (
    select carts.cart_id, min(lines.order_id) as order_id, min(lines.ordered_at) as ordered_at
    from last_changes as carts
    inner join {{ ref('cart_items') }} as items on carts.cart_id = items.cart_id and items.quantity > 0
    inner join {{ ref('order_lines') }} as lines
        on carts.profile_id = lines.profile_id and items.product_id = lines.product_id
    where
        lines.order_source = 'pos'
        and lines.ordered_at >= carts.changed_at
        and lines.ordered_at < {{ dbt.dateadd('day', var('cart_store_days'), 'carts.changed_at') }}
    group by carts.cart_id
),

carts as (
    select
        carts.cart_id,
        carts.profile_id,
        carts.identifier_key,
        coalesce(orders.order_id, store.order_id) as order_id,
        case
            when orders.cart_id is not null then 'converted_online'
            when store.cart_id is not null then 'converted_in_store'
            when coalesce(contents.quantity, 0) = 0 then 'empty'
            when carts.changed_at < {{ dbt.dateadd('day', -var('cart_expiry_days'), as_of()) }} then 'expired'
            when carts.changed_at < {{ dbt.dateadd('minute', -var('cart_open_minutes'), as_of()) }} then 'abandoned'
            else 'open'
        end as cart_status,
        contents.currency,
        cast(coalesce(contents.quantity, 0) as numeric(28, 6)) as quantity,
        cast(coalesce(contents.cart_amount, 0) as numeric(28, 6)) as cart_amount,
        cast(contents.cart_amount * rates.project_currency_rate as numeric(28, 6)) as cart_project_amount,
        carts.created_at,
        carts.changed_at,
        coalesce(orders.ordered_at, store.ordered_at) as converted_at
    from last_changes as carts
    left join contents on carts.cart_id = contents.cart_id
    left join ordered_carts as orders on carts.cart_id = orders.cart_id
    left join bought_in_store as store on carts.cart_id = store.cart_id
    left join {{ ref('currency_periods') }} as rates
        on {{ rate_holds('rates', 'contents.currency', 'carts.changed_at') }}
)

select * from carts
