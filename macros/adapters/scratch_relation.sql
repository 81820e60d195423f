{% macro scratch_relation(beside, identifier) -%}
    {{ return(adapter.dispatch('scratch_relation', 'onefolk')(beside, identifier)) }}
{%- endmacro %}

{% macro default__scratch_relation(beside, identifier) -%}
    {{ return(api.Relation.create(
        database=beside.database, schema=beside.schema, identifier=identifier, type='table'
    )) }}
{%- endmacro %}

{#- Where the database keeps temporary tables. -#}
{% macro duckdb__scratch_relation(beside, identifier) -%}
    {{ return(api.Relation.create(database='temp', schema='main', identifier=identifier, type='table')) }}
{%- endmacro %}
