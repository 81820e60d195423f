{#- An offset may change hours after midnight: only where days begin counts, so it is taken to change at the noon before. -#}
{% macro local_date(moment) -%}
    {%- set periods = onefolk.zone_periods() -%}
    cast(
        case
            {%- for period in periods[1:] | reverse %}
            when {{ moment }} >= cast('{{ period.begins_at - modules.datetime.timedelta(hours=12) }}' as timestamp)
                then {{ dbt.dateadd('minute', period.minutes, moment) }}
            {%- endfor %}
            when {{ moment }} is not null then {{ dbt.dateadd('minute', periods[0].minutes, moment) }}
        end
        as date
    )
{%- endmacro %}
