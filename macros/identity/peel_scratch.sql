{% macro peel_scratch(relation, step) -%}
    {{ return(api.Relation.create(
        database=relation.database, schema=relation.schema, identifier=relation.identifier ~ '__peel_' ~ step, type='table'
    )) }}
{%- endmacro %}
