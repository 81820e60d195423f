{% macro today() -%}
    {%- set zone = modules.pytz.timezone(var('project_time_zone')) -%}
    cast('{{ onefolk.clock().astimezone(zone).strftime("%Y-%m-%d") }}' as date)
{%- endmacro %}
