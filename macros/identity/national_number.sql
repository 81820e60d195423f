{#- Of the ways to read what is written, the first that gives a number that exists. -#}
{% macro national_number(readings) -%}
    {%- set exists = {} -%}
    {%- set names = [
        'without_trunk', 'without_other_trunk', 'as_written', 'without_carrier', 'without_code_and_trunk', 'without_code'
    ] -%}
    {%- for name in names -%}
        {%- do exists.update({name: onefolk.is_national_number(readings ~ '.' ~ name, readings)}) -%}
    {%- endfor -%}
    case
        {%- for name in names[:2] %}
        when {{ exists[name] }} then {{ readings }}.{{ name }}
        {%- endfor %}
        -- 491701234567 in Germany: a mobile with its calling code, or a number of a town without its trunk prefix?
        when
            {{ readings }}.trunk_prefix is not null
            and {{ exists['as_written'] }}
            and ({{ exists['without_code_and_trunk'] }} or {{ exists['without_code'] }})
            then null
        {%- for name in names[2:] %}
        when {{ exists[name] }} then {{ readings }}.{{ name }}
        {%- endfor %}
    end
{%- endmacro %}
