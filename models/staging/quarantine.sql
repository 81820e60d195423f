-- One row per landed row that breaks the contract, with every reason.
with unreadable_rows as (
    {%- for raw_table in var('raw_tables') %}
    {%- set source_name, table_name = raw_table.split('.') %}
    select
        '{{ source_name }}' as source_name,
        '{{ table_name }}' as table_name,
        {{ raw_key(source_name, table_name) }} as row_key,
        {{ without_ip_addresses(unreadable_reason(source_name, table_name)) }} as reason,
        left({{ without_ip_addresses(row_as_text('landed')) }}, 10000) as row_text,
        _source_file as source_file,
        _source_instance as source_instance,
        _source_row as source_row,
        _loaded_at as loaded_at
    from {{ source(source_name, table_name) }} as landed
    where _loaded_at <= {{ as_of() }} and not {{ is_readable(source_name, table_name) }}
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
)

select * from unreadable_rows
