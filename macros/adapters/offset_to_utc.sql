{#- The text ends in Z, UTC or an offset such as +02:00, +0200 or +02, after a blank or not, with seconds or without. -#}
{% macro offset_to_utc(expression) -%}
    {{ return(adapter.dispatch('offset_to_utc', 'onefolk')(expression)) }}
{%- endmacro %}

{% macro default__offset_to_utc(expression) -%}
    {{ dbt.safe_cast(expression, 'timestamp') }}
{%- endmacro %}

{#- DuckDB wants the seconds and no blank before an offset; epoch_us keeps the zone of the connection out. -#}
{% macro duckdb__offset_to_utc(expression) -%}
    {%- set without_blank = "regexp_replace(" ~ expression ~ ", ' ([+-])', '\\1')" -%}
    {%- set with_seconds = "regexp_replace(" ~ without_blank ~ ", '^(.{16})([+-]|Z| UTC)', '\\1:00\\2')" -%}
    make_timestamp(epoch_us(try_cast({{ with_seconds }} as timestamptz)))
{%- endmacro %}

{#- Postgres would round digits beyond the microsecond; DuckDB cuts them. -#}
{% macro postgres__offset_to_utc(expression) -%}
    {%- set to_the_microsecond = "regexp_replace(" ~ expression ~ ", '([.][0-9]{6})[0-9]+', '\\1')" -%}
    {{ onefolk.cast_or_null(to_the_microsecond, 'timestamptz') }} at time zone 'UTC'
{%- endmacro %}
