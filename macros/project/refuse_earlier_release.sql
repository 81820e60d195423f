{#- A table of an earlier release can't be added to; what it is made of is still there. -#}
{% macro refuse_earlier_release(relation, column) -%}
    {%- if column not in adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
        {% do exceptions.raise_compiler_error(
            relation.identifier ~ " was built by an earlier release, without the column " ~ column ~ "." ~ onefolk.build_anew()
        ) %}
    {%- endif -%}
{%- endmacro %}
