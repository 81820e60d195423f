{#- In a year without 29 February those born on it celebrate on 1 March; the list of days runs on over New Year. -#}
{% macro anniversary_within(month, day, days) -%}
    {%- set today = onefolk.clock().astimezone(modules.pytz.timezone(var('project_time_zone'))).date() -%}
    case {{ month }} * 100 + {{ day }}
        {%- for offset in range(days + 1) %}
        {%- set date = today + modules.datetime.timedelta(days=offset) %}
        {%- set day_before = date - modules.datetime.timedelta(days=1) %}
        when {{ date.month * 100 + date.day }} then cast('{{ date }}' as date)
        {%- if date.month == 3 and date.day == 1 and day_before.day == 28 %}
        when 229 then cast('{{ date }}' as date)
        {%- endif %}
        {%- endfor %}
    end
{%- endmacro %}
