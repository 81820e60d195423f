{#- A form that every engine reads alike is checked first, so that no engine reads more or otherwise than another. -#}
{% macro try_to(type, expression) -%}
    {%- set value = 'cast(' ~ expression ~ ' as text)' -%}
    {%- if type == 'text' -%}
        {{ onefolk.trimmed(expression) }}
    {%- elif type == 'boolean' -%}
        case
            when lower(trim(both ' ' from {{ value }})) in ('true', 't', '1', 'yes') then true
            when lower(trim(both ' ' from {{ value }})) in ('false', 'f', '0', 'no') then false
        end
    {%- elif type in ('integer', 'bigint') -%}
        case
            when {{ onefolk.regex_matches(value, '^ *[+-]?[0-9]+([.]0*)? *$') }}
                then {{ onefolk.cast_or_null("split_part(" ~ value ~ ", '.', 1)", type) }}
        end
    {%- elif type == 'numeric(28,6)' -%}
        case
            when {{ onefolk.regex_matches(value, '^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})? *$') }}
                then {{ onefolk.cast_or_null(value, type) }}
        end
    {%- elif type == 'date' -%}
        {{ onefolk.try_to_date(value) }}
    {%- elif type == 'timestamp' -%}
        {{ onefolk.try_to_timestamp(value) }}
    {%- elif type == 'json' -%}
        case when {{ onefolk.is_json(value) }} then {{ value }} end
    {%- else -%}
        {{ exceptions.raise_compiler_error("try_to knows no type " ~ type ~ ".") }}
    {%- endif -%}
{%- endmacro %}
