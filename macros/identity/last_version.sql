{#- Read before the model's own query, so that the query compares with a number. -#}
{% macro last_version(relation, column='version', source=none) -%}
    {%- if not (execute and is_incremental()) -%} {{ return(0) }} {%- endif -%}
    {%- if column not in adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
        {% do exceptions.raise_compiler_error(
            relation.identifier ~ " was built by an earlier release, without the column " ~ column ~ "." ~ onefolk.build_anew()
        ) %}
    {%- endif -%}
    {{ return(onefolk.highest_version(relation, column, source)) }}
{%- endmacro %}
