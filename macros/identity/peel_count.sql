{% macro peel_count(base, step) -%}
    {{ return(run_query('select count(*) from ' ~ onefolk.peel_scratch(base, step)).columns[0].values()[0] | int) }}
{%- endmacro %}
