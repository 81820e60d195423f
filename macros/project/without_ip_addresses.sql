{#- Other groups of numbers that look like an address lose their end too. -#}
{% macro without_ip_addresses(expression) -%}
    regexp_replace(
        regexp_replace(
            {{ expression }}, '([0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3})[.][0-9]{1,3}', '\1.0', 'g'
        ),
        '([0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}):[0-9A-Fa-f:.]+', '\1::', 'g'
    )
{%- endmacro %}
