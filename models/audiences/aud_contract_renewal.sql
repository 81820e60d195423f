-- One row per customer: which conditions of contract_renewal hold.
with contracts_running_out as (
    select
        profile_id,
        min(end_date) as end_date
    from {{ ref('contracts') }}
    where is_running and profile_id is not null
    group by profile_id
),

conditions as (
    select
        customers.profile_id,
        customers.days_to_renewal as is_up_for_renewal_in_60_days__value,
        customers.running_contract_count > 0 as has_running_contract,
        customers.days_to_renewal between 0 and 60 as is_up_for_renewal_in_60_days,
        {{ day_start('contracts.end_date', -60) }} as is_up_for_renewal_in_60_days__since,
        {{ day_start('contracts.end_date', 1) }} as is_up_for_renewal_in_60_days__until
    from {{ ref('customers') }} as customers
    left join contracts_running_out as contracts on customers.profile_id = contracts.profile_id
)

select * from conditions
