-- One row per customer: which conditions of at_risk_high_value hold.
with lapsed_vips as (
    {{ in_audience('lapsed_vip') }}
),

recent_visitors as (
    {{ did_event(['page', 'screen', 'Product Viewed'], within_days=30) }}
),

complaints as (
    {{ in_audience('open_complaint') }}
),

conditions as (
    select
        customers.profile_id,
        customers.net_revenue_amount as is_high_value__value,
        customers.net_revenue_amount >= 500 as is_high_value,
        customers.last_ordered_at < {{ days_ago(45) }} as is_quiet_for_45_days,
        recent_visitors.profile_id is null as has_stopped_visiting,
        lapsed_vips.profile_id is null as is_not_lapsed_yet,
        complaints.profile_id is null as has_no_open_complaint
    from {{ ref('customers') }} as customers
    left join recent_visitors on customers.profile_id = recent_visitors.profile_id
    left join lapsed_vips on customers.profile_id = lapsed_vips.profile_id
    left join complaints on customers.profile_id = complaints.profile_id
)

select * from conditions
