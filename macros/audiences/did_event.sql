{#- Every condition on events is a small sum over the days of `event_windows`, never a scan of events. -#}
{% macro did_event(name, at_least=1, within_days=none, where={}, same=none) -%}
    {%- set days = var('audience_event_days') if within_days is none else within_days -%}
    {%- set per = 'profile_id' ~ (', ' ~ same if same else '') -%}
    {%- if at_least is not number or at_least != at_least | int or at_least < 1 -%}
        {% do exceptions.raise_compiler_error("at_least=" ~ at_least ~ ": say a whole number from 1 on.") %}
    {%- endif -%}
    {%- if same -%} {%- do onefolk.refuse_unknown_property(same) -%} {%- endif -%}
    select
        {{ per }},
        cast(sum(event_count) as bigint) as event_count,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at,
        {{ onefolk.day_start('max(case when newer_count >= ' ~ at_least ~ ' then event_date end)', days + 1) }} as ends_at
    from (
        select
            {{ per }},
            event_count,
            event_date,
            first_event_at,
            last_event_at,
            sum(event_count) over (partition by {{ per }} order by event_date desc) as newer_count
        from {{ ref('event_windows') }}
        where {{ onefolk.event_filter(name, days, where) }}{% if same %} and {{ same }} <> ''{% endif %}
    ) as days_of_event
    group by {{ per }}
    having sum(event_count) >= {{ at_least }}
{%- endmacro %}
