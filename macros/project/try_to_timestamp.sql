{#- Without an offset a time is UTC. 26 characters hold a time to the microsecond; finer digits are cut, never rounded. -#}
{% macro try_to_timestamp(expression) -%}
    {%- set date = '(19[0-9]{2}|20[0-9]{2}|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])' -%}
    {%- set minute = '[T ]([01][0-9]|2[0-3]):[0-5][0-9]' -%}
    {%- set second = ':[0-5][0-9]([.][0-9]{1,9})?' -%}
    {%- set offset = '(Z| UTC| ?[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)' -%}
    case
        when {{ onefolk.regex_matches(expression, '^ *' ~ date ~ '(' ~ minute ~ '(' ~ second ~ 'Z?)?)? *$') }}
            then {{ onefolk.cast_or_null("left(trim(leading ' ' from " ~ expression ~ "), 26)", 'timestamp') }}
        when {{ onefolk.regex_matches(expression, '^ *' ~ date ~ minute ~ '(' ~ second ~ ')?' ~ offset ~ ' *$') }}
            then {{ onefolk.offset_to_utc("trim(both ' ' from " ~ expression ~ ")") }}
    end
{%- endmacro %}
