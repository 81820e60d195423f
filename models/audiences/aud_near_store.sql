-- One row per customer: which conditions of near_store hold.
with near_a_store as (
    {{ near_store(km=10) }}
),

complaints as (
    {{ in_audience('open_complaint') }}
),

conditions as (
    select
        customers.profile_id,
        near_a_store.distance_km as is_within_10_km_of_a_store__value,
        near_a_store.profile_id is not null as is_within_10_km_of_a_store,
        complaints.profile_id is null as has_no_open_complaint
    from {{ ref('customers') }} as customers
    left join near_a_store on customers.profile_id = near_a_store.profile_id
    left join complaints on customers.profile_id = complaints.profile_id
)

select * from conditions
