-- One row per deal of the CRM.
{{ config(access='public') }}

with staged_deals as (
    select
        *,
        coalesce(created_at, updated_at, loaded_at) as opened_at,
        closed_at is null and coalesce(deal_stage, '') not in ('won', 'lost') as is_open
    from {{ ref('stg_crm__deals') }}
),

deals as (
    select
        deals.deal_id,
        door.profile_id,
        door.identifier_key,
        deals.account_id,
        deals.owner_id,
        deals.campaign_id,
        deals.deal_stage,
        deals.outcome_reason,
        deals.currency,
        deals.deal_amount,
        cast(deals.deal_amount * rates.project_currency_rate as numeric(28, 6)) as deal_project_amount,
        deals.probability,
        deals.is_open,
        case when not deals.is_open then coalesce(deals.is_won, deals.deal_stage = 'won') end as is_won,
        deals.expected_close_date,
        deals.opened_at,
        deals.closed_at
    from staged_deals as deals
    left join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_crm__contacts' and deals.crm_contact_id = door.record_id
    left join {{ ref('currency_periods') }} as rates
        on {{ rate_holds('rates', 'deals.currency', 'deals.opened_at') }}
)

select * from deals
