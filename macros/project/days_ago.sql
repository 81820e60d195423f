{% macro days_ago(days) -%}
    cast('{{ onefolk.first_moment(onefolk.date_ago(days)) }}' as timestamp)
{%- endmacro %}
