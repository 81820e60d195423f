{#- A condition is in by being written: it is a boolean column that says nothing about another one. -#}
{% macro condition_columns(name) -%}
    {%- set names = [] -%}
    {%- for column, data_type in onefolk.audience_contracts([name])[name].items() -%}
        {%- if data_type == 'boolean' and '__' not in column -%} {%- do names.append(column) -%} {%- endif -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
