-- One row per owner and stage with open deals: their amount, and what of it deals in that stage have brought so far.
{{ config(access='public') }}

-- Of the decided deals that were once in a stage, those that were won.
with stages_seen as (
    select distinct
        stages.deal_id,
        stages.deal_stage,
        deals.is_won
    from {{ ref('deal_stages') }} as stages
    inner join {{ ref('deals') }} as deals on stages.deal_id = deals.deal_id
    where not deals.is_open
),

win_rates as (
    select
        deal_stage,
        count(*) as decided_deal_count,
        avg(case when is_won then 1.0 else 0.0 end) as win_rate
    from stages_seen
    group by deal_stage
),

open_deals as (
    select
        coalesce(owner_id, '(none)') as owner_id,
        coalesce(deal_stage, '(none)') as deal_stage,
        count(*) as open_deal_count,
        sum(deal_project_amount) as open_deal_amount,
        min(expected_close_date) as next_close_date
    from {{ ref('deals') }}
    where is_open
    group by coalesce(owner_id, '(none)'), coalesce(deal_stage, '(none)')
),

sales_pipeline as (
    select
        open_deals.owner_id,
        open_deals.deal_stage,
        open_deals.open_deal_count,
        coalesce(win_rates.decided_deal_count, 0) as decided_deal_count,
        cast(win_rates.win_rate as numeric(28, 6)) as win_rate,
        cast(coalesce(open_deals.open_deal_amount, 0) as numeric(28, 6)) as open_deal_amount,
        cast(open_deals.open_deal_amount * win_rates.win_rate as numeric(28, 6)) as expected_amount,
        open_deals.next_close_date
    from open_deals
    left join win_rates on open_deals.deal_stage = win_rates.deal_stage
)

select * from sales_pipeline
