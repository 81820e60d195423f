{#- Read from the built table, as the conditions are, so that what a condition says of itself counts by being written. -#}
{% macro condition_facets(relation, facet) -%}
    {%- set found = {} -%}
    {%- if execute -%}
        {%- set names = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
        {%- for condition in onefolk.condition_columns(relation) if condition ~ '__' ~ facet in names -%}
            {%- do found.update({condition: condition ~ '__' ~ facet}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
