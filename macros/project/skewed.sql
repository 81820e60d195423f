{% macro skewed(moment) -%}
    {{ dbt.dateadd('minute', var('clock_skew_minutes'), moment) }}
{%- endmacro %}
