{#- Every way in which a row can break the contract, as a condition that is never null and the reason it gives. -#}
{% macro contract_breaches(source_name, table_name) -%}
    {%- set contract = onefolk.raw_contract(source_name, table_name) -%}
    {%- set nouns = {
        'integer': 'an integer', 'bigint': 'an integer', 'numeric(28,6)': 'a number', 'boolean': 'a boolean',
        'date': 'a date', 'timestamp': 'a timestamp', 'json': 'JSON',
    } -%}
    {%- set breaches = [] -%}
    {%- for column in contract.key -%}
        {%- do breaches.append({
            'condition': onefolk.trimmed(adapter.quote(column)) ~ ' is null',
            'reason': "'" ~ column ~ " is missing'",
        }) -%}
    {%- endfor -%}
    {%- for column, type in contract.types.items() if type != 'text' -%}
        {%- set value = onefolk.trimmed(adapter.quote(column)) -%}
        {%- do breaches.append({
            'condition': 'case when ' ~ onefolk.try_to(type, adapter.quote(column)) ~ ' is null then '
                ~ value ~ ' is not null else false end',
            'reason': "'" ~ column ~ ' is not ' ~ nouns[type] ~ ": ' || left(" ~ value ~ ', 80)',
        }) -%}
    {%- endfor -%}
    {{ return(breaches) }}
{%- endmacro %}
