-- One row per profile: a person as far as the evidence goes, known or anonymous.
{{ config(access='public') }}

with profiles as (
    select
        identity.profile_id,
        demographics.country,
        identity.identifier_count,
        identity.email_count,
        identity.phone_count,
        identity.device_count,
        demographics.birth_month,
        demographics.birth_day,
        coalesce(orders.order_count, 0) as order_count,
        coalesce(orders.unpriced_order_count, 0) as unpriced_order_count,
        coalesce(orders.net_revenue_amount, 0) as net_revenue_amount,
        identity.is_known,
        identity.first_seen_at,
        identity.last_seen_at,
        orders.first_ordered_at,
        orders.last_ordered_at
    from {{ ref('traits_identity') }} as identity
    left join {{ ref('traits_demographics') }} as demographics on identity.profile_id = demographics.profile_id
    left join {{ ref('traits_orders') }} as orders on identity.profile_id = orders.profile_id
)

select * from profiles
