-- One row per customer: which conditions of lapsed_vip hold.
with conditions as (
    select
        profile_id,
        order_count as has_bought_twice__value,
        net_revenue_amount as is_high_value__value,
        order_count >= 2 as has_bought_twice,
        net_revenue_amount >= 500 as is_high_value,
        last_ordered_at < {{ days_ago(90) }} as is_quiet_for_90_days,
        open_ticket_count = 0 as has_no_open_ticket,
        last_ordered_at as is_quiet_for_90_days__value
    from {{ ref('customers') }}
)

select * from conditions
