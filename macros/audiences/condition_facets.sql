{% macro condition_facets(name, facet) -%}
    {%- set found = {} -%}
    {%- set columns = onefolk.audience_contracts([name])[name] -%}
    {%- for condition in onefolk.condition_columns(name) if condition ~ '__' ~ facet in columns -%}
        {%- do found.update({condition: condition ~ '__' ~ facet}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
