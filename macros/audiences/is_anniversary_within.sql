{#- In a year without 29 February those born on it celebrate on 1 March; the list of days runs on over New Year. -#}
{% macro is_anniversary_within(month, day, days) -%}
    {%- set today = onefolk.clock().astimezone(modules.pytz.timezone(var('project_time_zone'))).date() -%}
    {%- set numbers = [] -%}
    {%- for offset in range(days + 1) -%}
        {%- set date = today + modules.datetime.timedelta(days=offset) -%}
        {%- do numbers.append(date.month * 100 + date.day) -%}
        {%- set day_before = date - modules.datetime.timedelta(days=1) -%}
        {%- if date.month == 3 and date.day == 1 and day_before.day == 28 -%}
            {%- do numbers.append(229) -%}
        {%- endif -%}
    {%- endfor -%}
    coalesce({{ month }} * 100 + {{ day }} in ({{ numbers | join(', ') }}), false)
{%- endmacro %}
