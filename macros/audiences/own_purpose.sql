{#- A unit test of an audience asks for the audience that it tests. -#}
{% macro own_purpose() -%}
    {%- if not execute -%} {{ return('') }} {%- endif -%}
    {%- set name = (model.tested_node_unique_id or model.unique_id).split('.')[2] -%}
    {%- if not name.startswith('aud_') -%}
        {% do exceptions.raise_compiler_error(
            name ~ " is no audience: only an audience has the purpose by which others' data is licensed."
        ) %}
    {%- endif -%}
    {{ return(onefolk.audience_purpose(name[4:])) }}
{%- endmacro %}
