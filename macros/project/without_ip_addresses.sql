{#- Other groups of numbers that look like an address lose their end too. -#}
{% macro without_ip_addresses(expression) -%}
    {%- set without_ipv4 = onefolk.regex_replace_all(
        expression, '([0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3})[.][0-9]{1,3}', '\\1.0'
    ) -%}
    {{ onefolk.regex_replace_all(
        without_ipv4, '([0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}):[0-9A-Fa-f:.]+', '\\1::'
    ) }}
{%- endmacro %}
