-- One row per account of the CRM: a company that people belong to.
{{ config(access='public') }}

with members as (
    select contacts.account_id, cast(count(distinct door.profile_id) as integer) as profile_count
    from {{ ref('stg_crm__contacts') }} as contacts
    inner join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_crm__contacts' and contacts.crm_contact_id = door.record_id
    where not coalesce(contacts.is_deleted, false)
    group by contacts.account_id
),

deals_per_account as (
    select
        account_id,
        cast(sum(case when is_open then 1 else 0 end) as integer) as open_deal_count,
        sum(case when is_open then deal_project_amount end) as open_deal_project_amount
    from {{ ref('deals') }}
    group by account_id
),

accounts as (
    select
        accounts.account_id,
        accounts.parent_account_id,
        accounts.owner_id,
        accounts.account_name,
        accounts.domain,
        accounts.industry,
        upper(accounts.country) as country,
        accounts.employees as employee_count,
        coalesce(members.profile_count, 0) as profile_count,
        coalesce(deals.open_deal_count, 0) as open_deal_count,
        cast(coalesce(deals.open_deal_project_amount, 0) as numeric(28, 6)) as open_deal_project_amount,
        accounts.created_at,
        accounts.updated_at
    from {{ ref('stg_crm__accounts') }} as accounts
    left join members on accounts.account_id = members.account_id
    left join deals_per_account as deals on accounts.account_id = deals.account_id
)

select * from accounts
