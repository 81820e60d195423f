{% macro condition_facets(name, facet) -%}
    {%- set found = {} -%}
    {%- set columns = graph.nodes['model.onefolk.aud_' ~ name].columns if execute else {} -%}
    {%- for condition in onefolk.condition_columns(name) if condition ~ '__' ~ facet in columns -%}
        {%- do found.update({condition: condition ~ '__' ~ facet}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
