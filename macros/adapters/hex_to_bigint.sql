{% macro hex_to_bigint(expression) -%}
    {{ return(adapter.dispatch('hex_to_bigint', 'onefolk')(expression)) }}
{%- endmacro %}

{% macro default__hex_to_bigint(expression) -%}
    cast(
        cast(cast(concat('0x', substr({{ expression }}, 1, 16)) as ubigint) as hugeint) - 9223372036854775808 as bigint
    )
{%- endmacro %}

{% macro postgres__hex_to_bigint(expression) -%}
    cast(cast('x' || substr({{ expression }}, 1, 16) as bit(64)) # B'1{{ '0' * 63 }}' as bigint)
{%- endmacro %}
