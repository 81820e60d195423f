{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var('ONEFOLK_SCHEMA_PREFIX', '') }}work_{{ (custom_schema_name or 'main') | trim }}
{%- endmacro %}
