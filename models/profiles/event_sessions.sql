-- One row per web or app event: the session that it belongs to, and its place in it.
-- A visitor is a browser or app; who is behind it may change later without moving the session.
{% set named = ['campaign', 'click_id'] %}

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
        {% for name in named %}
            count({{ name }}) over (
                partition by visitor, pause_number
                order by occurred_at, {{ byte_order('message_id') }} rows unbounded preceding
            ) as {{ name }}_part{{ ',' if not loop.last }}
        {% endfor %}
    from pauses
),

campaigns as (
    select
        *,
        {% for name in named %}
            coalesce(
                max({{ name }}) over (partition by visitor, pause_number, {{ name }}_part), ''
            ) as lasting_{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from campaign_parts
),

campaign_changes as (
    select
        *,
        {% for name in named %}
            lag(lasting_{{ name }}) over (
                partition by visitor, pause_number order by occurred_at, {{ byte_order('message_id') }}
            ) as previous_{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from campaigns
),

numbered as (
    select
        *,
        sum(
            case
                {% for name in named %}
                    when lasting_{{ name }} <> previous_{{ name }} then 1
                {% endfor %}
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
