{% macro create_scratch_table(relation, sql) -%}
    {{ return(adapter.dispatch('create_scratch_table', 'onefolk')(relation, sql)) }}
{%- endmacro %}

{% macro default__create_scratch_table(relation, sql) -%}
    create table {{ relation }} as ({{ sql }})
{%- endmacro %}

{#- Unlogged: it may vanish in a crash. Analysed: its rows were counted by nobody, and plans of the next step need them. -#}
{% macro postgres__create_scratch_table(relation, sql) -%}
    create unlogged table {{ relation }} as ({{ sql }});
    analyze {{ relation }};
{%- endmacro %}
