{% macro refuse_unknown_property(property) -%}
    {%- if property not in var('audience_event_properties') -%}
        {% do exceptions.raise_compiler_error(
            "Events have no property " ~ property ~ " for audiences: list it in the var audience_event_properties, which has "
            ~ var('audience_event_properties') | join(', ') ~ "."
        ) %}
    {%- endif -%}
{%- endmacro %}
