{% macro zone_minutes(date) -%}
    {%- set midnight = modules.datetime.datetime(date.year, date.month, date.day) -%}
    {{ return(((midnight - onefolk.first_moment(date)).total_seconds() / 60) | int) }}
{%- endmacro %}
