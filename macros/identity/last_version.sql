{#- Read before the model's own query, so that the query compares with a number. -#}
{% macro last_version(relation, column='version', source=none) -%}
    {%- if not (execute and is_incremental()) -%} {{ return(0) }} {%- endif -%}
    {%- set again = " Run `onefolk build --full-refresh` once: it builds everything anew, and profile ids stay as they are." -%}
    {%- if column not in adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
        {% do exceptions.raise_compiler_error(
            relation.identifier ~ " was built by an earlier release, without the column " ~ column ~ "." ~ again
        ) %}
    {%- endif -%}
    {%- set highest = 'select coalesce(max(' ~ column ~ '), 0) from ' -%}
    {%- set last = run_query(highest ~ relation).columns[0].values()[0] | int -%}
    {%- if source is not none and run_query(highest ~ source).columns[0].values()[0] | int < last -%}
        {% do exceptions.raise_compiler_error(
            relation.identifier ~ " knows of more than " ~ source.identifier ~ ", which was built anew alone." ~ again
        ) %}
    {%- endif -%}
    {{ return(last) }}
{%- endmacro %}
