-- Fails if a landed row is neither staged, nor quarantined, nor superseded by a later version of its key.
with accounts as (
    {%- for raw_table in var('raw_tables') %}
    {%- set source_name, table_name = raw_table.split('.') %}
    {%- set is_readable_row = is_readable(source_name, table_name) %}
    select
        '{{ raw_table }}' as raw_table,
        count(*) as landed_count,
        (select count(*) from {{ ref('stg_' ~ source_name ~ '__' ~ table_name) }}) as staged_count,
        (
            select count(*) from {{ ref('quarantine') }}
            where source_name = '{{ source_name }}' and table_name = '{{ table_name }}'
        ) as quarantined_count,
        count(case when {{ is_readable_row }} then 1 end)
        - count(distinct case when {{ is_readable_row }} then ({{ typed_key(source_name, table_name) }}) end)
            as superseded_count
    from {{ source(source_name, table_name) }}
    where _loaded_at <= {{ as_of() }}
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
)

select * from accounts
where landed_count <> staged_count + quarantined_count + superseded_count
