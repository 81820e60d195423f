-- One row per thing that happened, on any channel, online or offline.
{{ config(access='public') }}

with behaviour as (
    select
        'stg_events__events' as record_source,
        message_id as record_id,
        'events' as event_source,
        message_id as event_id,
        'web' as channel,
        event_type,
        coalesce(event_name, event_type) as event_name,
        coalesce(order_id, cart_id, product_id, page_path) as object_id,
        currency,
        coalesce(total_amount, price_amount) as event_amount,
        occurred_at
    from {{ ref('stg_events__events') }}
),

purchases as (
    select
        case when order_source = 'pos' then 'stg_pos__transactions' else 'stg_commerce__orders' end as record_source,
        order_id as record_id,
        order_source as event_source,
        order_id as event_id,
        order_channel as channel,
        'order' as event_type,
        'Order Placed' as event_name,
        order_id as object_id,
        currency,
        total_amount as event_amount,
        ordered_at as occurred_at
    from {{ ref('orders') }}
),

tickets as (
    select
        'stg_support__tickets' as record_source,
        ticket_id as record_id,
        'support' as event_source,
        ticket_id as event_id,
        ticket_channel as channel,
        'ticket' as event_type,
        'Ticket Opened' as event_name,
        ticket_id as object_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as numeric(28, 6)) as event_amount,
        opened_at as occurred_at
    from {{ ref('stg_support__tickets') }}
),

messages as (
    select
        'stg_engagement__messages' as record_source,
        message_id as record_id,
        'engagement' as event_source,
        message_id as event_id,
        message_channel as channel,
        'message' as event_type,
        'Message Sent' as event_name,
        campaign_id as object_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as numeric(28, 6)) as event_amount,
        sent_at as occurred_at
    from {{ ref('stg_engagement__messages') }}
),

activities as (
    select
        'stg_crm__activities' as record_source,
        activity_id as record_id,
        'crm' as event_source,
        activity_id as event_id,
        activity_type as channel,
        'sales_activity' as event_type,
        'Sales Activity' as event_name,
        deal_id as object_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as numeric(28, 6)) as event_amount,
        occurred_at
    from {{ ref('stg_crm__activities') }}
),

timeline as (
    select * from behaviour
    union all
    select * from purchases
    union all
    select * from tickets
    union all
    select * from messages
    union all
    select * from activities
),

events as (
    select
        timeline.event_source,
        timeline.event_id,
        door.profile_id,
        door.identifier_key,
        timeline.object_id,
        timeline.channel,
        timeline.event_type,
        timeline.event_name,
        timeline.currency,
        cast(timeline.event_amount as numeric(28, 6)) as event_amount,
        timeline.occurred_at
    from timeline
    left join {{ ref('profiles_door') }} as door
        on timeline.record_source = door.record_source and timeline.record_id = door.record_id
)

select * from events
