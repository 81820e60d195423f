-- One row per customer: which conditions of repeat_buyers hold.
with conditions as (
    select
        profile_id,
        order_count >= 2 as has_bought_twice,
        net_revenue_amount > 0 as has_kept_what_was_bought
    from {{ ref('customers') }}
)

select * from conditions
