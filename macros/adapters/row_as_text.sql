{% macro row_as_text(relation_alias) -%}
    {{ return(adapter.dispatch('row_as_text', 'onefolk')(relation_alias)) }}
{%- endmacro %}

{% macro default__row_as_text(relation_alias) -%}
    cast(to_json(struct({{ relation_alias }}.*)) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro duckdb__row_as_text(relation_alias) -%}
    cast(to_json({{ relation_alias }}) as text)
{%- endmacro %}

{% macro postgres__row_as_text(relation_alias) -%}
    cast(row_to_json({{ relation_alias }}) as text)
{%- endmacro %}
