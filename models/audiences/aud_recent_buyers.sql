-- One row per customer: which conditions of recent_buyers hold.
with conditions as (
    select
        profile_id,
        last_ordered_at >= {{ days_ago(30) }} as has_bought_in_30_days,
        {{ day_start(local_date('last_ordered_at'), 31) }} as has_bought_in_30_days__until
    from {{ ref('customers') }}
)

select * from conditions
