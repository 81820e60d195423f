{#- For ids that live as long as one statement's tables: an engine may give others tomorrow, and gives others than the next. -#}
{% macro scratch_hash(expression) -%}
    {{ return(adapter.dispatch('scratch_hash', 'onefolk')(expression)) }}
{%- endmacro %}

{% macro default__scratch_hash(expression) -%}
    cast(cast(hash({{ expression }}) as hugeint) - 9223372036854775808 as bigint)
{%- endmacro %}

{% macro postgres__scratch_hash(expression) -%}
    hashtextextended({{ expression }}, 0)
{%- endmacro %}

{% macro spark__scratch_hash(expression) -%}
    xxhash64({{ expression }})
{%- endmacro %}
