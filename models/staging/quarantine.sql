-- One row per landed row that breaks the contract, with every reason.
with rows_with_reason as (
    {% for raw_table in var('raw_tables') %}
        {% set source_name, table_name = raw_table.split('.') %}
        select
            '{{ source_name }}' as source_name,
            '{{ table_name }}' as table_name,
            {{ raw_key(source_name, table_name) }} as row_key,
            {{ unreadable_reason(source_name, table_name) }} as reason,
            {{ row_as_text('landed') }} as row_text,
            landed._source_file as source_file,
            landed._source_instance as source_instance,
            landed._source_row as source_row,
            landed._loaded_at as loaded_at
        from {{ source(source_name, table_name) }} as landed
        where landed._loaded_at <= {{ as_of() }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

quarantined as (
    select
        source_name,
        table_name,
        row_key,
        {{ without_ip_addresses('reason') }} as reason,
        left({{ without_ip_addresses('row_text') }}, 10000) as row_text,
        source_file,
        source_instance,
        source_row,
        loaded_at
    from rows_with_reason
    where reason is not null
)

select * from quarantined
