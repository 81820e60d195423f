{#- An IPv4 address keeps its first 24 bits, an IPv6 address at most its first 48. -#}
{% macro truncated_ip(expression) -%}
    {%- set value = "lower(trim(both ' ' from " ~ expression ~ "))" -%}
    {%- set byte = '(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])' -%}
    case
        when {{ onefolk.regex_matches(value, '^(::ffff:)?(' ~ byte ~ '[.]){3}' ~ byte ~ '$') }}
            then {{ onefolk.regex_replace_all(value, '^(::ffff:)?(.*)[.][0-9]+$', '\\2.0') }}
        when {{ onefolk.regex_matches(value, '^::[0-9a-f:.]*$') }} then '::'
        when {{ onefolk.regex_matches(value, '^[0-9a-f]{1,4}:[0-9a-f:.]+(%.*)?$') }}
            then {{ onefolk.regex_replace_all(value, '^(([0-9a-f]{1,4}:){0,2}[0-9a-f]{1,4}):.*$', '\\1::') }}
    end
{%- endmacro %}
