{% macro rows_of(rows, columns) -%}
    {%- for row in rows or [columns] %}
    select
        {%- for column in columns %}
        {{ text_or_null(row[loop.index0]) }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor -%}
    {%- if not rows %}where 1 = 0{% endif %}
{%- endmacro %}
