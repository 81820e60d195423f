{#- Read before the model's own query, so that the query compares with a number. -#}
{% macro last_version(relation, column='version') -%}
    {%- if not (execute and is_incremental()) -%} {{ return(0) }} {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- if column not in columns -%}
        {% do exceptions.raise_compiler_error(
            relation.identifier ~ " was built by an earlier release, without the column " ~ column ~ ". Run `onefolk build"
            ~ " --full-refresh` once: it builds everything anew, and profile ids stay as they are."
        ) %}
    {%- endif -%}
    {{ return(run_query('select coalesce(max(' ~ column ~ '), 0) from ' ~ relation).columns[0].values()[0] | int) }}
{%- endmacro %}
