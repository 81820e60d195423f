{% macro hash_to_bigint(expression) -%}
    {{ return(adapter.dispatch('hash_to_bigint', 'onefolk')(expression)) }}
{%- endmacro %}

{% macro default__hash_to_bigint(expression) -%}
    cast(
        cast(cast(concat('0x', substr(md5({{ expression }}), 1, 16)) as ubigint) as hugeint) - 9223372036854775808 as bigint
    )
{%- endmacro %}

{% macro postgres__hash_to_bigint(expression) -%}
    cast(cast('x' || substr(md5({{ expression }}), 1, 16) as bit(64)) # B'1{{ '0' * 63 }}' as bigint)
{%- endmacro %}
