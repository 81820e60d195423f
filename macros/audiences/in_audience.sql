{#- Whom its conditions name: what its guard makes of them is another question. -#}
{% macro in_audience(name) -%}
    {%- set conditions = onefolk.condition_columns(name) -%}
    {%- do onefolk.refuse_without_conditions(name, conditions) -%}
    select profile_id
    from {{ ref('aud_' ~ name) }}
    where {{ conditions | join(' and ') or '1 = 0' }}
{%- endmacro %}
