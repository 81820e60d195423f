{% macro highest_version(relation, column, source) -%}
    {%- set highest = 'select coalesce(max(' ~ column ~ '), 0) from ' -%}
    {%- set last = run_query(highest ~ relation).columns[0].values()[0] | int -%}
    {%- if source is not none and run_query(highest ~ source).columns[0].values()[0] | int < last -%}
        {% do exceptions.raise_compiler_error(
            relation.identifier ~ " knows of more than " ~ source.identifier ~ ", which was built anew alone."
            ~ onefolk.build_anew()
        ) %}
    {%- endif -%}
    {{ return(last) }}
{%- endmacro %}
