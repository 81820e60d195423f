{% macro peel_count(relation, step) -%}
    {{ return(run_query('select count(*) from ' ~ onefolk.peel_scratch(relation, step)).columns[0].values()[0] | int) }}
{%- endmacro %}
