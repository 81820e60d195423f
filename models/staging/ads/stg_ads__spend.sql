-- One row per platform, campaign, ad and day, as last landed.
with source as (
    select
        *,
        {{ version_rank('ads', 'spend') }} as version_rank
    from {{ source('ads', 'spend') }}
    where {{ is_readable('ads', 'spend') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ try_to('text', 'campaign_id') }} as campaign_id,
        {{ try_to('text', 'ad_id') }} as ad_id,
        {{ try_to('text', 'platform') }} as platform,
        {{ try_to('text', 'currency') }} as currency,
        {{ try_to('text', 'utm_source') }} as utm_source,
        {{ try_to('text', 'utm_medium') }} as utm_medium,
        {{ try_to('text', 'utm_campaign') }} as utm_campaign,
        {{ try_to('bigint', 'impressions') }} as impressions,
        {{ try_to('bigint', 'clicks') }} as clicks,
        {{ try_to('numeric(28,6)', 'cost') }} as cost_amount,
        {{ try_to('date', 'date') }} as spend_date,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
