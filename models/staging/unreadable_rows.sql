-- One row per landed row that breaks the contract, or was ahead of the clock when it was read: every lasting reason.
-- A row without a source remembers how far was read, so that good rows are not read again for want of a bad one.
{{ config(materialized='incremental', unique_key=['source_name', 'table_name', 'source_file', 'source_row']) }}
{%- set is_unjudged = landed_since_judged(this, 'landed') -%}

with landings as (
    select loaded_at, row_count from {{ ref('landings') }}
),

last_landing as (
    select max(loaded_at) as loaded_at from landings
),

rows_with_reason as (
    {% for raw_table in var('raw_tables') %}
        {% set source_name, table_name = raw_table.split('.') %}
        {% set breaches = contract_breaches(source_name, table_name) if execute else [] %}
        {% set ahead = clock_breaches(source_name, table_name) if execute else [] %}
        select
            '{{ source_name }}' as source_name,
            '{{ table_name }}' as table_name,
            {{ raw_key(source_name, table_name) }} as row_key,
            {{ unreadable_reason(breaches) if breaches else "cast(null as text)" }} as reason,
            {{ row_as_text('landed') }} as row_text,
            landed._source_file as source_file,
            landed._source_instance as source_instance,
            landed._source_row as source_row,
            {% if ahead %}
                case when {{ ahead[0].condition }} then {{ ahead[0].moment }} end
            {% else %}
                cast(null as {{ dbt.type_timestamp() }})
            {% endif %} as awaited_at,
            landed._loaded_at as loaded_at
        from {{ source(source_name, table_name) }} as landed
        where
            {{ has_landed('landed._loaded_at') }}
            and {{ is_unjudged }}
        union all
    {% endfor %}
    select
        '' as source_name,
        '' as table_name,
        cast(null as {{ dbt.type_string() }}) as row_key,
        cast(null as {{ dbt.type_string() }}) as reason,
        cast(null as {{ dbt.type_string() }}) as row_text,
        '' as source_file,
        '' as source_instance,
        sum(landings.row_count) as source_row,
        cast(null as {{ dbt.type_timestamp() }}) as awaited_at,
        landings.loaded_at
    from landings
    inner join last_landing on landings.loaded_at = last_landing.loaded_at
    group by landings.loaded_at
),

unreadable as (
    select
        source_name,
        table_name,
        row_key,
        {{ without_ip_addresses('reason') }} as reason,
        left({{ without_ip_addresses('row_text') }}, 10000) as row_text,
        source_file,
        source_instance,
        cast(source_row as bigint) as source_row,
        awaited_at,
        loaded_at,
        {{ as_of() }} as staged_at
    from rows_with_reason
    where reason is not null or awaited_at is not null or source_name = ''
)

select * from unreadable
