{% macro peel_scratch(base, step) -%}
    {{ return(onefolk.scratch_relation(base, base.identifier ~ '_' ~ step)) }}
{%- endmacro %}
