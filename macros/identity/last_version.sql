{#- Read before the model's own query, so that the query compares with a number. -#}
{% macro last_version(relation, column='version', source=none) -%}
    {%- if not (execute and is_incremental()) -%} {{ return(0) }} {%- endif -%}
    {%- do onefolk.refuse_earlier_release(relation, column) -%}
    {{ return(onefolk.highest_version(relation, column, source)) }}
{%- endmacro %}
