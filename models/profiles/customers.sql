-- One row per customer: a profile with an e-mail, phone, CRM, shop, loyalty or user id.
{{ config(access='public') }}

with customers as (
    select
        profile_id,
        country,
        identifier_count,
        email_count,
        phone_count,
        device_count,
        birth_month,
        birth_day,
        order_count,
        unpriced_order_count,
        net_revenue_amount,
        is_known,
        first_seen_at,
        last_seen_at,
        first_ordered_at,
        last_ordered_at
    from {{ ref('profiles') }}
    where is_known
)

select * from customers
