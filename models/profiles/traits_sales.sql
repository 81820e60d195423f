-- One row per profile that sales deals with: deals, contracts and talks.
with deals as (
    select
        profile_id,
        cast(sum(case when is_open then 1 else 0 end) as integer) as open_deal_count,
        cast(sum(case when is_won then 1 else 0 end) as integer) as won_deal_count,
        cast(sum(case when not is_won then 1 else 0 end) as integer) as lost_deal_count,
        sum(case when is_open then deal_project_amount end) as open_deal_amount,
        sum(case when is_won then deal_project_amount end) as won_deal_amount
    from {{ ref('deals') }}
    where profile_id is not null
    group by profile_id
),

outcomes as (
    select
        profile_id,
        outcome_reason,
        row_number() over (partition by profile_id order by closed_at desc, {{ byte_order('deal_id') }}) as recency
    from {{ ref('deals') }}
    where profile_id is not null and closed_at is not null and outcome_reason is not null
),

contracts as (
    select
        profile_id,
        cast(count(*) as integer) as running_contract_count,
        sum(monthly_project_amount) as contract_monthly_amount,
        min(days_to_renewal) as days_to_renewal
    from {{ ref('contracts') }}
    where profile_id is not null and is_running
    group by profile_id
),

activities as (
    select
        profile_id,
        cast(sum(case when activity_type = 'call' then 1 else 0 end) as integer) as call_count,
        max(occurred_at) as last_contacted_at
    from {{ ref('sales_activities') }}
    where profile_id is not null and coalesce(activity_type, '') <> 'note'
    group by profile_id
),

people as (
    select profile_id from deals
    union
    select profile_id from contracts
    union
    select profile_id from activities
),

traits as (
    select
        people.profile_id,
        coalesce(deals.open_deal_count, 0) as open_deal_count,
        coalesce(deals.won_deal_count, 0) as won_deal_count,
        coalesce(deals.lost_deal_count, 0) as lost_deal_count,
        cast(coalesce(deals.open_deal_amount, 0) as numeric(28, 6)) as open_deal_amount,
        cast(coalesce(deals.won_deal_amount, 0) as numeric(28, 6)) as won_deal_amount,
        outcomes.outcome_reason as last_outcome_reason,
        coalesce(contracts.running_contract_count, 0) as running_contract_count,
        cast(coalesce(contracts.contract_monthly_amount, 0) as numeric(28, 6)) as contract_monthly_amount,
        contracts.days_to_renewal,
        coalesce(activities.call_count, 0) as call_count,
        activities.last_contacted_at
    from people
    left join deals on people.profile_id = deals.profile_id
    left join outcomes on people.profile_id = outcomes.profile_id and outcomes.recency = 1
    left join contracts on people.profile_id = contracts.profile_id
    left join activities on people.profile_id = activities.profile_id
)

select * from traits
