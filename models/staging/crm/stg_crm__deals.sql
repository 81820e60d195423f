-- One row per sales opportunity, as last updated.
with source as (
    select
        *,
        {{ version_rank('crm', 'deals') }} as version_rank
    from {{ source('crm', 'deals') }}
    where {{ is_readable('crm', 'deals') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('deal_id') }} as deal_id,
        {{ scoped_id('account_id') }} as account_id,
        {{ scoped_id('contact_id') }} as crm_contact_id,
        {{ scoped_id('campaign_id') }} as campaign_id,
        {{ scoped_id('owner_id') }} as owner_id,
        {{ try_to('text', 'name') }} as deal_name,
        {{ try_to('text', 'stage') }} as deal_stage,
        {{ try_to('text', 'currency') }} as currency,
        {{ try_to('text', 'outcome_reason') }} as outcome_reason,
        {{ try_to('numeric(28,6)', 'amount') }} as deal_amount,
        {{ try_to('numeric(28,6)', 'probability') }} as probability,
        {{ try_to('boolean', 'is_won') }} as is_won,
        {{ try_to('date', 'expected_close_date') }} as expected_close_date,
        {{ try_to('timestamp', 'closed_at') }} as closed_at,
        {{ try_to('timestamp', 'created_at') }} as created_at,
        {{ try_to('timestamp', 'updated_at') }} as updated_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
