-- One row per raw table and moment at which rows landed in it.
with landings as (
    {% for raw_table in var('raw_tables') %}
        {% set source_name, table_name = raw_table.split('.') %}
        select
            '{{ source_name }}' as source_name,
            '{{ table_name }}' as table_name,
            count(*) as row_count,
            _loaded_at as loaded_at
        from {{ source(source_name, table_name) }}
        where {{ has_landed('_loaded_at') }}
        group by _loaded_at
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from landings
