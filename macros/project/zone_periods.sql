{#-
    SQL has no portable way to ask a time zone, so Python asks it, for the 400 days before and after the clock. Offsets that
    differ from one week to the next change on a day between them.
-#}
{% macro zone_periods() -%}
    {%- set today = onefolk.date_ago(0) -%}
    {%- set periods = [] -%}
    {%- for week in range(-400, 407, 7) -%}
        {%- set date = today + modules.datetime.timedelta(days=week) -%}
        {%- set is_new = not periods or onefolk.zone_minutes(date) != periods[-1].minutes -%}
        {%- for day in (range(-6, 1) if is_new else []) -%}
            {%- set date = today + modules.datetime.timedelta(days=week + day) -%}
            {%- set minutes = onefolk.zone_minutes(date) -%}
            {%- if not periods or minutes != periods[-1].minutes -%}
                {%- do periods.append({'date': date, 'begins_at': onefolk.first_moment(date), 'minutes': minutes}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(periods) }}
{%- endmacro %}
