-- One row per customer: which conditions of cart_abandoned hold.
with full_carts as (
    select
        profile_id,
        cart_project_amount,
        changed_at,
        row_number() over (partition by profile_id order by changed_at desc, {{ byte_order('cart_id') }}) as recency
    from {{ ref('carts') }}
    where cart_status in ('open', 'abandoned') and profile_id is not null
),

-- Who changed a cart a moment ago is still shopping, whatever was left behind before.
last_carts as (
    select
        profile_id,
        cart_project_amount,
        changed_at,
        {{ dbt.dateadd('hour', 4, 'changed_at') }} as left_at,
        {{ dbt.dateadd('day', var('cart_expiry_days'), 'changed_at') }} as expires_at
    from full_carts
    where recency = 1
),

complaints as (
    {{ in_audience('open_complaint') }}
),

conditions as (
    select
        customers.profile_id,
        carts.cart_project_amount as has_full_cart__value,
        carts.profile_id is not null as has_full_cart,
        coalesce(carts.left_at <= {{ as_of() }}, false) as is_left_for_4_hours,
        coalesce(customers.last_ordered_at < carts.changed_at, true) as has_not_bought_since,
        complaints.profile_id is null as has_no_open_complaint,
        carts.changed_at as has_full_cart__since,
        carts.expires_at as has_full_cart__until,
        carts.left_at as is_left_for_4_hours__since,
        carts.expires_at as is_left_for_4_hours__until,
        carts.changed_at as has_not_bought_since__since
    from {{ ref('customers') }} as customers
    left join last_carts as carts on customers.profile_id = carts.profile_id
    left join complaints on customers.profile_id = complaints.profile_id
)

select * from conditions
