{#- Of the ways to read what is written, the first that gives a number that exists. -#}
{% macro national_number(readings) -%}
    {%- macro exists(reading) -%}
        {{ onefolk.is_national_number(readings ~ '.' ~ reading, readings) }}
    {%- endmacro -%}
    case
        {%- for reading in ['without_trunk', 'without_other_trunk'] %}
        when {{ exists(reading) }} then {{ readings }}.{{ reading }}
        {%- endfor %}
        -- 491701234567 in Germany: a mobile with its calling code, or a number of a town without its trunk prefix?
        when
            {{ readings }}.trunk_prefix is not null
            and {{ exists('as_written') }}
            and ({{ exists('without_code_and_trunk') }} or {{ exists('without_code') }})
            then null
        {%- for reading in ['as_written', 'without_carrier', 'without_code_and_trunk', 'without_code'] %}
        when {{ exists(reading) }} then {{ readings }}.{{ reading }}
        {%- endfor %}
    end
{%- endmacro %}
