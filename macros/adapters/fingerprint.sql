{#- Only for telling whether a row changed: an engine may give another one tomorrow, and then rows are read once more. -#}
{% macro fingerprint(columns) -%}
    {{ return(adapter.dispatch('fingerprint', 'onefolk')(columns)) }}
{%- endmacro %}

{% macro default__fingerprint(columns) -%}
    cast(hash({{ columns | join(', ') }}) % 9223372036854775807 as bigint)
{%- endmacro %}

{% macro postgres__fingerprint(columns) -%}
    hash_record_extended(row({{ columns | join(', ') }}), 0)
{%- endmacro %}

{% macro spark__fingerprint(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}
