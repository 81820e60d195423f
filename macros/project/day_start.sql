{% macro day_start(date, days=0) -%}
    {%- set periods = onefolk.zone_periods() -%}
    {%- set later = 'cast(' ~ dbt.dateadd('day', days, date) ~ ' as date)' if days else date -%}
    {%- set midnight = 'cast(' ~ later ~ ' as timestamp)' -%}
    case
        {%- for period in periods[1:] | reverse %}
        when {{ later }} >= cast('{{ period.date }}' as date) then {{ dbt.dateadd('minute', -period.minutes, midnight) }}
        {%- endfor %}
        when {{ date }} is not null then {{ dbt.dateadd('minute', -periods[0].minutes, midnight) }}
    end
{%- endmacro %}
