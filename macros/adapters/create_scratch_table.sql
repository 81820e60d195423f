{% macro create_scratch_table(relation, sql) -%}
    {{ return(adapter.dispatch('create_scratch_table', 'onefolk')(relation, sql)) }}
{%- endmacro %}

{% macro default__create_scratch_table(relation, sql) -%}
    create table {{ relation }} as ({{ sql }})
{%- endmacro %}

{#- Temporary: neither compressed nor written to the log, which cost more than the working out. -#}
{% macro duckdb__create_scratch_table(relation, sql) -%}
    create temporary table {{ relation }} as ({{ sql }})
{%- endmacro %}

{#- Unlogged: it may vanish in a crash; a temporary one is read by one worker only. Analysed: the planner knows nothing yet. -#}
{% macro postgres__create_scratch_table(relation, sql) -%}
    create unlogged table {{ relation }} as ({{ sql }});
    analyze {{ relation }};
{%- endmacro %}
