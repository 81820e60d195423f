{#- A session ends after a pause, and where another campaign or another click on an advertisement is named. -#}
{% macro cut_sessions(visits) -%}
{%- set names = ['campaign', 'click_id'] -%}
{%- set by_time = 'order by occurred_at, ' ~ onefolk.byte_order('message_id') -%}
{%- set so_far = by_time ~ ' rows unbounded preceding' -%}
    with previous_visits as (
        select
            *,
            lag(occurred_at) over (partition by visitor {{ by_time }}) as previous_at
        from {{ visits }}
    ),

    starts as (
        select
            *,
            case
                when occurred_at <= {{ dbt.dateadd('minute', var('session_minutes'), 'previous_at') }} then 0
                else 1
            end as start_count
        from previous_visits
    ),

    pauses as (
        select
            *,
            sum(start_count) over (partition by visitor {{ so_far }}) as pause_number
        from starts
    ),

    -- Between two pauses a campaign, or a click on an advertisement, lasts until another one is named.
    named_parts as (
        select
            *,
            {% for name in names %}
                count({{ name }}) over (partition by visitor, pause_number {{ so_far }}) as {{ name }}_part
                {{- ',' if not loop.last }}
            {% endfor %}
        from pauses
    ),

    lasting_names as (
        select
            *,
            {% for name in names %}
                coalesce(max({{ name }}) over (partition by visitor, pause_number, {{ name }}_part), '') as lasting_{{ name }}
                {{- ',' if not loop.last }}
            {% endfor %}
        from named_parts
    ),

    name_changes as (
        select
            *,
            case
                {% for name in names %}
                    when lasting_{{ name }} <> lag(lasting_{{ name }}) over (partition by visitor, pause_number {{ by_time }})
                        then 1
                {% endfor %}
                else 0
            end as change_count
        from lasting_names
    ),

    numbered as (
        select
            *,
            sum(change_count) over (partition by visitor, pause_number {{ so_far }}) as change_number
        from name_changes
    )

    select * from numbered
{%- endmacro %}
