{#- A name that is none would switch a party off, or leave it on, in silence. -#}
{% macro is_used_party(party) -%}
    {%- set unknown = var('parties') | reject('in', ['first', 'second', 'third']) | list -%}
    {%- if unknown or 'first' not in var('parties') -%}
        {% do exceptions.raise_compiler_error(
            "The var parties is " ~ var('parties') ~ ": it lists first, and of second and third those that count."
        ) %}
    {%- endif -%}
    {{ party }} in ('{{ var('parties') | join("', '") }}')
{%- endmacro %}
