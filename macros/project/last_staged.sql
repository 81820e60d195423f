{#- Read before the model's own query, so that the query compares with constants. -#}
{% macro last_staged(relation) -%}
    {%- do onefolk.refuse_earlier_release(relation, 'staged_at') -%}
    {%- do onefolk.refuse_earlier_clock(relation, 'staged_at') -%}
    {%- set found = run_query('select max(loaded_at), max(staged_at) from ' ~ relation) -%}
    {%- set loaded_at = found.columns[0].values()[0] -%}
    {%- if loaded_at is none -%} {{ return(none) }} {%- endif -%}
    {%- set files = run_query(
        "select distinct source_file from " ~ relation ~ " where loaded_at = cast('" ~ loaded_at ~ "' as timestamp)"
    ) -%}
    {{ return({
        'loaded_at': loaded_at, 'staged_at': found.columns[1].values()[0], 'files': files.columns[0].values() | list,
    }) }}
{%- endmacro %}
