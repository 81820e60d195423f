-- One row per contract.
{{ config(access='public') }}

with contracts as (
    select
        contracts.contract_id,
        door.profile_id,
        door.identifier_key,
        contracts.account_id,
        contracts.contract_status,
        contracts.renewal_type,
        contracts.currency,
        cast({{ dbt.datediff(today(), 'contracts.end_date', 'day') }} as integer) as days_to_renewal,
        contracts.monthly_amount,
        cast(contracts.monthly_amount * rates.project_currency_rate as numeric(28, 6)) as monthly_project_amount,
        coalesce(contracts.contract_status, '') = 'active'
        and coalesce(contracts.start_date <= {{ today() }}, true)
        and coalesce(contracts.end_date >= {{ today() }}, true) as is_running,
        contracts.start_date,
        contracts.end_date
    from {{ ref('stg_crm__contracts') }} as contracts
    left join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_crm__contacts' and contracts.crm_contact_id = door.record_id
    left join {{ ref('currency_periods') }} as rates
        on
            contracts.currency = rates.currency
            and coalesce(contracts.start_date, {{ today() }}) >= rates.valid_from
            and coalesce(contracts.start_date, {{ today() }}) < rates.valid_until
)

select * from contracts
