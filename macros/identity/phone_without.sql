{% macro phone_without(digits, prefix) -%}
    case when {{ digits }} like {{ prefix }} || '%' then substr({{ digits }}, length({{ prefix }}) + 1) end
{%- endmacro %}
