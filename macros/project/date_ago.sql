{% macro date_ago(days) -%}
    {%- if days is not number or days != days | int -%}
        {% do exceptions.raise_compiler_error("`" ~ days ~ "` is no whole number of days: say one, such as 90.") %}
    {%- endif -%}
    {%- set zone = modules.pytz.timezone(var('project_time_zone')) -%}
    {{ return(onefolk.clock().astimezone(zone).date() - modules.datetime.timedelta(days=days)) }}
{%- endmacro %}
