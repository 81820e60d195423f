-- One row per cart that its owner left, neither bought nor expired, and channel that marketing may remind of it on.
with last_purchases as (
    select profile_id, max(ordered_at) as last_ordered_at from {{ ref('orders') }}
    group by profile_id
),

left_carts as (
    select
        carts.cart_id,
        carts.profile_id,
        carts.currency,
        carts.quantity,
        carts.cart_amount,
        carts.changed_at,
        {{ dbt.dateadd('hour', 4, 'carts.changed_at') }} as left_at
    from {{ ref('carts') }} as carts
    left join last_purchases on carts.profile_id = last_purchases.profile_id
    where
        carts.cart_status = 'abandoned'
        and carts.profile_id is not null
        and coalesce(last_purchases.last_ordered_at < carts.changed_at, true)
),

items as (
    select
        items.cart_id,
        {{ dbt.concat([
            "'['",
            dbt.listagg(
                dbt.concat([
                    "'{\"product_id\":'", json_string('items.product_id'),
                    "',\"name\":'", "coalesce(" ~ json_string('products.product_name') ~ ", 'null')",
                    "',\"quantity\":'", "cast(items.quantity as " ~ dbt.type_string() ~ ")",
                    "',\"price\":'", "coalesce(cast(items.price_amount as " ~ dbt.type_string() ~ "), 'null')",
                    "'}'",
                ]),
                "','",
                'order by ' ~ byte_order('items.product_id'),
            ),
            "']'",
        ]) }} as items_json
    from {{ ref('cart_items') }} as items
    left join {{ ref('products') }} as products on items.product_id = products.product_id
    where items.quantity > 0
    group by items.cart_id
),

reminders as (
    select
        carts.cart_id,
        carts.profile_id,
        permissions.channel,
        carts.currency,
        items.items_json,
        carts.quantity,
        carts.cart_amount,
        carts.changed_at,
        carts.left_at
    from left_carts as carts
    inner join items on carts.cart_id = items.cart_id
    inner join {{ ref('permissions') }} as permissions
        on carts.profile_id = permissions.profile_id and permissions.purpose = 'marketing' and permissions.is_allowed
    where
        carts.left_at <= {{ as_of() }}
        -- Whoever connects a destination late reminds nobody of what is long forgotten.
        and carts.left_at > {{ dbt.dateadd('day', -var('cart_reminder_days'), as_of()) }}
)

select * from reminders
