{#- dbt sees to it that the table has the columns that its contract lists, so a condition is in by being written. -#}
{% macro condition_columns(name) -%}
    {%- set names = [] -%}
    {%- set audience = graph.nodes['model.onefolk.aud_' ~ name] if execute else {} -%}
    {%- if audience and audience.config.contract.enforced -%}
        {%- for column in audience.columns.values() if column.data_type == 'boolean' and '__' not in column.name -%}
            {%- do names.append(column.name) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names) }}
{%- endmacro %}
