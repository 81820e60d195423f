{#- Where clocks change at midnight a day begins an hour later, or its first hour comes twice: the first instant of the date counts. -#}
{% macro first_moment(date) -%}
    {%- set zone = modules.pytz.timezone(var('project_time_zone')) -%}
    {%- set midnight = modules.datetime.datetime(date.year, date.month, date.day) -%}
    {%- set found = [] -%}
    {%- for is_summer_time in [true, false] -%}
        {%- set moment = zone.normalize(zone.localize(midnight, is_dst=is_summer_time)) -%}
        {%- if moment.date() == date -%}
            {%- do found.append(moment.astimezone(modules.pytz.utc).replace(tzinfo=none)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found | min) }}
{%- endmacro %}
