-- One row per web or app event: the session that it belongs to, and its place in it.
-- A visitor is a browser or app; who is behind it may change later without moving the session.
with visits as (
    select
        message_id,
        click_id,
        -- Its source, medium and name make a campaign; null where none of them is named.
        nullif(
            coalesce(utm_source, '') || '|' || coalesce(utm_medium, '') || '|' || coalesce(utm_campaign, ''), '||'
        ) as campaign,
        coalesce(anonymous_id, device_id, user_id, message_id) as visitor,
        lag(occurred_at) over (
            partition by coalesce(anonymous_id, device_id, user_id, message_id)
            order by occurred_at, {{ byte_order('message_id') }}
        ) as previous_at,
        occurred_at
    from {{ ref('stg_events__events') }}
),

pauses as (
    select
        *,
        sum(
            case
                when previous_at is null then 1
                when occurred_at > {{ dbt.dateadd('minute', var('session_minutes'), 'previous_at') }} then 1
                else 0
            end
        ) over (
            partition by visitor order by occurred_at, {{ byte_order('message_id') }} rows unbounded preceding
        ) as pause_number
    from visits
),

-- Between two pauses a campaign, or a click on an advertisement, lasts until another one is named.
campaign_parts as (
    select
        *,
        count(campaign) over (
            partition by visitor, pause_number
            order by occurred_at, {{ byte_order('message_id') }} rows unbounded preceding
        ) as campaign_part,
        count(click_id) over (
            partition by visitor, pause_number
            order by occurred_at, {{ byte_order('message_id') }} rows unbounded preceding
        ) as click_id_part
    from pauses
),

campaigns as (
    select
        *,
        coalesce(max(campaign) over (partition by visitor, pause_number, campaign_part), '') as lasting_campaign,
        coalesce(max(click_id) over (partition by visitor, pause_number, click_id_part), '') as lasting_click_id
    from campaign_parts
),

campaign_changes as (
    select
        *,
        lag(lasting_campaign) over (
            partition by visitor, pause_number order by occurred_at, {{ byte_order('message_id') }}
        ) as previous_campaign,
        lag(lasting_click_id) over (
            partition by visitor, pause_number order by occurred_at, {{ byte_order('message_id') }}
        ) as previous_click_id
    from campaigns
),

numbered as (
    select
        *,
        sum(
            case
                when lasting_campaign <> previous_campaign then 1
                when lasting_click_id <> previous_click_id then 1
                else 0
            end
        ) over (
            partition by visitor, pause_number
            order by occurred_at, {{ byte_order('message_id') }} rows unbounded preceding
        ) as change_number
    from campaign_changes
),

event_sessions as (
    select
        message_id,
        {{ dbt.hash(
            "'session|' || first_value(message_id) over (partition by visitor, pause_number, change_number"
            ~ " order by occurred_at, " ~ byte_order('message_id') ~ ")"
        ) }} as session_id,
        cast(row_number() over (
            partition by visitor, pause_number, change_number
            order by occurred_at, {{ byte_order('message_id') }}
        ) as integer) as session_position
    from numbered
)

select * from event_sessions
