{#- A date may be written as its midnight, as exports of spreadsheets and databases do. -#}
{% macro try_to_date(expression) -%}
    {%- set date = '(19[0-9]{2}|20[0-9]{2}|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])' -%}
    {%- set midnight = '[T ]00:00(:00([.]0+)?)?( ?(Z|UTC|[+]00(:?00)?))?' -%}
    case
        when {{ onefolk.regex_matches(expression, '^ *' ~ date ~ '(' ~ midnight ~ ')? *$') }}
            then {{ onefolk.cast_or_null("left(trim(leading ' ' from " ~ expression ~ "), 10)", 'date') }}
    end
{%- endmacro %}
