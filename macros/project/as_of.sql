{#- Read only while executing: a clock read while parsing would make every new clock parse the whole project again. -#}
{% macro as_of() -%}
    cast('{{ onefolk.clock().strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp)
{%- endmacro %}
