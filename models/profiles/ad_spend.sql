-- One row per platform, campaign, advertisement and day.
{{ config(access='public') }}

with ad_spend as (
    select
        spend.platform,
        spend.campaign_id,
        spend.ad_id,
        spend.spend_date,
        spend.utm_source,
        spend.utm_medium,
        spend.utm_campaign,
        spend.currency,
        spend.impressions as impression_count,
        spend.clicks as click_count,
        spend.cost_amount,
        cast(spend.cost_amount * rates.project_currency_rate as numeric(28, 6)) as cost_project_amount
    from {{ ref('stg_ads__spend') }} as spend
    left join {{ ref('currency_periods') }} as rates
        on {{ rate_holds('rates', 'spend.currency', 'spend.spend_date') }}
)

select * from ad_spend
