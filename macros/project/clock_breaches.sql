{#- A row that is ahead of the clock breaks the contract only until the clock has come there. -#}
{% macro clock_breaches(source_name, table_name) -%}
    {%- set contract = onefolk.raw_contract(source_name, table_name) -%}
    {%- set breaches = [] -%}
    {%- if contract.event_time -%}
        {%- set moment = onefolk.try_to('timestamp', adapter.quote(contract.event_time)) -%}
        {%- do breaches.append({
            'condition': 'coalesce(' ~ moment ~ ' > ' ~ onefolk.skewed(onefolk.as_of()) ~ ', false)',
            'moment': moment,
        }) -%}
    {%- endif -%}
    {{ return(breaches) }}
{%- endmacro %}
