{#- Whole words are compared, and no licence known is no licence. -#}
{% macro is_licensed_here() -%}
    {{ dbt.position(dbt.string_literal(', ' ~ onefolk.own_purpose() ~ ','), "', ' || licensed_purposes || ','") }} > 0
{%- endmacro %}
