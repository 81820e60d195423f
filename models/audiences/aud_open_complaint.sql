-- One row per customer: which conditions of open_complaint hold.
with open_complaints as (
    select
        profile_id,
        count(*) as complaint_count,
        min(opened_at) as opened_at
    from {{ ref('tickets') }}
    where is_open and lower(category) = 'complaint' and profile_id is not null
    group by profile_id
),

conditions as (
    select
        customers.profile_id,
        complaints.complaint_count as has_open_complaint__value,
        complaints.profile_id is not null as has_open_complaint,
        complaints.opened_at as has_open_complaint__since
    from {{ ref('customers') }} as customers
    left join open_complaints as complaints on customers.profile_id = complaints.profile_id
)

select * from conditions
