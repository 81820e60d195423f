{#-
    Days don't tell which of two events came first: this helper reads the events themselves, of its own names only. What
    happened in one instant happened in the order that is asked for.
-#}
{% macro did_sequence(first, then=none, within_hours=none, unless=none, within_days=none, first_where={}, then_where={}, unless_where={}) -%}
    {%- if then and (within_hours is not number or within_hours != within_hours | int or within_hours < 0) -%}
        {% do exceptions.raise_compiler_error("within_hours=" ~ within_hours ~ ": say a whole number of hours.") %}
    {%- endif -%}
    {%- set most = var('audience_event_days') -%}
    {%- set days = most if within_days is none else within_days -%}
    {%- set first_days = [days + ((within_hours or 0) / 24) | round(0, 'ceil') | int, most] | min -%}
    {%- set names = [] -%}
    {%- for name in [first, then, unless] if name -%}
        {%- do names.extend([name] if name is string else name) -%}
    {%- endfor -%}
    select
        profile_id,
        max({{ 'first_at' if then else 'then_at' }}) as first_event_at,
        max(then_at) as last_event_at,
        {{ onefolk.day_start('max(then_date)', days + 1) }} as ends_at
    from (
        select
            profile_id,
            case when is_then then occurred_at end as then_at,
            case when is_then then event_date end as then_date,
            max(case when is_first then occurred_at end) over (
                partition by profile_id order by occurred_at, case when is_then then 1 else 0 end
                rows between unbounded preceding and 1 preceding
            ) as first_at,
            max(case when is_unless then occurred_at end) over (partition by profile_id) as unless_at
        from (
            select
                profile_id,
                {{ onefolk.event_filter(first, first_days, first_where) }} as is_first,
                {{ onefolk.event_filter(then or first, days, then_where if then else first_where) }} as is_then,
                {{ onefolk.event_filter(unless, days, unless_where) if unless else '1 = 0' }} as is_unless,
                event_date,
                occurred_at
            from {{ ref('recent_events') }}
            where {{ onefolk.event_filter(names, first_days, {}) }}
        ) as events_of_names
    ) as steps
    where
        {% if then %}then_at <= {{ dbt.dateadd('hour', within_hours, 'first_at') }}{% else %}then_at is not null{% endif %}
        and (unless_at is null or unless_at < then_at)
    group by profile_id
{%- endmacro %}
