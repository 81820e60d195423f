-- Fails if a landed row is neither staged, nor quarantined, nor superseded by another version of its key.
with accounts as (
    {% for raw_table in var('raw_tables') %}
        {% set source_name, table_name = raw_table.split('.') %}
        select
            '{{ raw_table }}' as raw_table,
            count(*) as landed_count,
            (select count(*) from {{ ref('stg_' ~ source_name ~ '__' ~ table_name) }}) as staged_count,
            count(quarantined.source_file) as quarantined_count,
            count(case when quarantined.source_file is null then 1 end)
            - count(
                distinct case
                    when quarantined.source_file is null then ({{ typed_key(source_name, table_name) }})
                end
            ) as superseded_count
        from {{ source(source_name, table_name) }} as landed
        left join {{ ref('quarantine') }} as quarantined
            on
                landed._source_file = quarantined.source_file
                and landed._source_row = quarantined.source_row
                and quarantined.source_name = '{{ source_name }}'
                and quarantined.table_name = '{{ table_name }}'
        where landed._loaded_at <= {{ as_of() }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from accounts
where landed_count <> staged_count + quarantined_count + superseded_count
