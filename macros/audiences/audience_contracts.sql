{#- dbt sees to it that a table has the columns that its contract lists; a table without an enforced one promises none. -#}
{% macro audience_contracts(names) -%}
    {%- set contracts = {} -%}
    {%- for name in names -%}
        {%- set columns = {} -%}
        {%- set audience = graph.nodes['model.onefolk.aud_' ~ name] if execute else {} -%}
        {%- if audience and audience.config.contract.enforced -%}
            {%- for column in audience.columns.values() -%}
                {%- do columns.update({column.name: column.data_type}) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- do contracts.update({name: columns}) -%}
    {%- endfor -%}
    {{ return(contracts) }}
{%- endmacro %}
