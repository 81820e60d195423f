-- One row per campaign that sent messages: from sent to revenue.
{{ config(access='public') }}

-- A purchase is counted for the last message that its buyer clicked in the days before it, else for none.
with clicks as (
    select
        orders.order_source,
        orders.order_id,
        messages.campaign_id,
        orders.net_project_amount,
        row_number() over (
            partition by orders.order_source, orders.order_id
            order by messages.clicked_at desc, {{ byte_order('messages.message_id') }}
        ) as recency
    from {{ ref('messages') }} as messages
    inner join {{ ref('orders') }} as orders
        on messages.profile_id = orders.profile_id and messages.clicked_at <= orders.ordered_at
    where
        orders.is_valid
        and orders.ordered_at < {{ dbt.dateadd('day', var('campaign_days'), 'messages.clicked_at') }}
),

purchases as (
    select
        campaign_id,
        count(*) as order_count,
        sum(net_project_amount) as net_revenue_amount
    from clicks
    where recency = 1
    group by campaign_id
),

messages_per_campaign as (
    select
        campaign_id,
        max(campaign_name) as campaign_name,
        max(message_channel) as message_channel,
        count(*) as sent_count,
        count(distinct profile_id) as profile_count,
        count(delivered_at) as delivered_count,
        count(opened_at) as opened_count,
        count(clicked_at) as clicked_count,
        count(replied_at) as replied_count,
        count(bounced_at) as bounced_count,
        count(complained_at) as complained_count,
        count(unsubscribed_at) as unsubscribed_count,
        min(sent_at) as first_sent_at,
        max(sent_at) as last_sent_at
    from {{ ref('messages') }}
    where campaign_id is not null
    group by campaign_id
),

campaign_performance as (
    select
        messages.campaign_id,
        messages.campaign_name,
        messages.message_channel,
        messages.sent_count,
        messages.profile_count,
        messages.delivered_count,
        messages.opened_count,
        messages.clicked_count,
        messages.replied_count,
        messages.bounced_count,
        messages.complained_count,
        messages.unsubscribed_count,
        coalesce(purchases.order_count, 0) as order_count,
        cast(coalesce(purchases.net_revenue_amount, 0) as numeric(28, 6)) as net_revenue_amount,
        messages.first_sent_at,
        messages.last_sent_at
    from messages_per_campaign as messages
    left join purchases on messages.campaign_id = purchases.campaign_id
)

select * from campaign_performance
