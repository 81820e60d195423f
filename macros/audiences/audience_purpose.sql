{% macro audience_purpose(name) -%}
    {%- if execute -%}
        {%- set purpose = graph.nodes['model.onefolk.aud_' ~ name].config.meta.get('audience', {}).get('purpose') -%}
        {%- if not purpose -%}
            {% do exceptions.raise_compiler_error(
                "Audience " ~ name ~ " has no purpose: say one in config.meta.audience.purpose of aud_" ~ name ~ "."
            ) %}
        {%- endif -%}
        {{ return(purpose) }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}
