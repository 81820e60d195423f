{#-
    The model's row without a source says how many rows landed in the last moment that it read: when more did since, the
    moment is read again. Read before the model's own query, so that the query compares with a constant.
-#}
{% macro landed_since_judged(relation, rows) -%}
    {%- if not (relation and is_incremental()) -%} {{ return('true') }} {%- endif -%}
    {%- do onefolk.refuse_earlier_release(relation, 'staged_at') -%}
    {%- do onefolk.refuse_earlier_clock(relation, 'staged_at') -%}
    {%- set found = run_query("select loaded_at, source_row from " ~ relation ~ " where source_name = ''") -%}
    {%- if not found.rows -%} {{ return('true') }} {%- endif -%}
    {%- set moment = "cast('" ~ found.columns[0].values()[0] ~ "' as timestamp)" -%}
    {%- set counts = [] -%}
    {%- for raw_table in var('raw_tables') -%}
        {%- set raw = source(*raw_table.split('.')) -%}
        {%- do counts.append('(select count(*) from ' ~ raw ~ ' where _loaded_at = ' ~ moment ~ ')') -%}
    {%- endfor -%}
    {%- set count = run_query('select ' ~ counts | join(' + ')).columns[0].values()[0] -%}
    {{ rows }}._loaded_at {{ '>' if count == found.columns[1].values()[0] else '>=' }} {{ moment }}
{%- endmacro %}
