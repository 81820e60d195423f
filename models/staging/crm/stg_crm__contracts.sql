-- One row per contract with a customer, as last updated.
with source as (
    select
        *,
        {{ version_rank('crm', 'contracts') }} as version_rank
    from {{ source('crm', 'contracts') }}
    where {{ is_readable('crm', 'contracts') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('contract_id') }} as contract_id,
        {{ scoped_id('account_id') }} as account_id,
        {{ scoped_id('contact_id') }} as crm_contact_id,
        {{ try_to('text', 'status') }} as contract_status,
        {{ try_to('text', 'renewal_type') }} as renewal_type,
        {{ try_to('text', 'currency') }} as currency,
        {{ try_to('numeric(28,6)', 'monthly_amount') }} as monthly_amount,
        {{ try_to('date', 'start_date') }} as start_date,
        {{ try_to('date', 'end_date') }} as end_date,
        {{ try_to('timestamp', 'updated_at') }} as updated_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
