{#- Only where something is built: documentation is generated before there is a table to read. -#}
{% macro refuse_without_conditions(name, conditions) -%}
    {%- if execute and flags.WHICH in ['build', 'run'] and not conditions -%}
        {% do exceptions.raise_compiler_error(
            "Audience " ~ name ~ " has no condition that can be read: give models/audiences/aud_" ~ name
            ~ ".sql a boolean column per condition, or build it first."
        ) %}
    {%- endif -%}
{%- endmacro %}
