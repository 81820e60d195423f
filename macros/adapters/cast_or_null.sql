{#- dbt's own safe_cast raises on DuckDB and on Postgres. -#}
{% macro cast_or_null(expression, type) -%}
    {{ return(adapter.dispatch('cast_or_null', 'onefolk')(expression, type)) }}
{%- endmacro %}

{% macro default__cast_or_null(expression, type) -%}
    {{ dbt.safe_cast(expression, type) }}
{%- endmacro %}

{#- DuckDB reads a decimal of more than 18 digits forty times as slowly, and most amounts have fewer. -#}
{% macro duckdb__cast_or_null(expression, type) -%}
    {%- if type == 'numeric(28,6)' -%}
        coalesce(try_cast({{ expression }} as numeric(18,6)), try_cast({{ expression }} as numeric(28,6)))
    {%- else -%}
        try_cast({{ expression }} as {{ type }})
    {%- endif -%}
{%- endmacro %}

{% macro postgres__cast_or_null(expression, type) -%}
    case when pg_input_is_valid({{ expression }}, '{{ type }}') then cast({{ expression }} as {{ type }}) end
{%- endmacro %}
