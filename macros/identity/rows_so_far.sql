{#- The first run reads the same columns from nothing, so a state model has one way through it. -#}
{% macro rows_so_far(relation, columns) -%}
    select
        {%- for column, type in columns.items() %}
        {% if relation and is_incremental() %}{{ column }}{% else %}cast(null as {{ type }}) as {{ column }}{% endif %}{{ ',' if not loop.last }}
        {%- endfor %}
    {% if relation and is_incremental() %}from {{ relation }}{% else %}where 1 = 0{% endif %}
{%- endmacro %}
