{#-
    Whom its conditions name: what its guard makes of them is another question. The contract lists the conditions, and dbt sees
    to it that the table has them.
-#}
{% macro in_audience(name) -%}
    {%- set conditions = [] -%}
    {%- for column in (graph.nodes['model.onefolk.aud_' ~ name].columns.values() if execute else []) -%}
        {%- if column.data_type == 'boolean' and '__' not in column.name -%}
            {%- do conditions.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do onefolk.refuse_without_conditions(name, conditions) -%}
    select profile_id
    from {{ ref('aud_' ~ name) }}
    where {{ conditions | join(' and ') or '1 = 0' }}
{%- endmacro %}
