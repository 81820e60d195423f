{#- Only where something is built: what can't be built must still be documented. -#}
{% macro refuse_without_conditions(name, conditions) -%}
    {%- if execute and flags.WHICH in ['build', 'run'] and not conditions -%}
        {% do exceptions.raise_compiler_error(
            "Audience " ~ name ~ " has no condition that can be read: give aud_" ~ name
            ~ " an enforced contract that lists a boolean column per condition."
        ) %}
    {%- endif -%}
{%- endmacro %}
