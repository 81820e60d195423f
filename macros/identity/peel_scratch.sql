{% macro peel_scratch(base, step) -%}
    {{ return(api.Relation.create(
        database=base.database, schema=base.schema, identifier=base.identifier ~ '_' ~ step, type='table'
    )) }}
{%- endmacro %}
