-- One row per cart and state in which its owner left it, who may be written to by e-mail for marketing.
{{ config(access='public') }}

with reminders as (
    select
        carts.cart_id,
        carts.changed_at,
        carts.profile_id,
        members.email,
        carts.currency,
        carts.items_json,
        carts.quantity,
        carts.cart_amount,
        carts.left_at
    from {{ ref('activation_carts') }} as carts
    inner join {{ ref('activation_door') }} as members
        on carts.profile_id = members.profile_id and carts.channel = members.channel
    where members.audience = 'cart_abandoned' and members.channel = 'email' and members.email is not null
)

select * from reminders
