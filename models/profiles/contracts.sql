-- One row per contract.
{{ config(access='public') }}

with staged_contracts as (
    select
        *,
        coalesce(start_date, {{ today() }}) as rate_date,
        {{ today() }} as today_date,
        {{ dbt.datediff(today(), 'end_date', 'day') }} as days_to_renewal
    from {{ ref('stg_crm__contracts') }}
),

contracts as (
    select
        contracts.contract_id,
        door.profile_id,
        door.identifier_key,
        contracts.account_id,
        contracts.contract_status,
        contracts.renewal_type,
        contracts.currency,
        cast(contracts.days_to_renewal as integer) as days_to_renewal,
        contracts.monthly_amount,
        cast(contracts.monthly_amount * rates.project_currency_rate as numeric(28, 6)) as monthly_project_amount,
        coalesce(contracts.contract_status, '') = 'active'
        and coalesce(contracts.start_date <= contracts.today_date, true)
        and coalesce(contracts.end_date >= contracts.today_date, true) as is_running,
        contracts.start_date,
        contracts.end_date
    from staged_contracts as contracts
    left join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_crm__contacts' and contracts.crm_contact_id = door.record_id
    left join {{ ref('currency_periods') }} as rates
        on {{ rate_holds('rates', 'contracts.currency', 'contracts.rate_date') }}
)

select * from contracts
