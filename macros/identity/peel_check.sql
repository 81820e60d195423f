{% macro peel_check(relation) -%}
    {%- set nodes = onefolk.peel_count(relation, 'nodes') -%}
    {%- set labels = onefolk.peel_count(relation, 'labels_0') -%}
    {% if nodes != labels %}
        {% do exceptions.raise_compiler_error(
            'connected_components: ' ~ nodes ~ ' nodes got ' ~ labels ~ ' labels; none are published.'
        ) %}
    {% endif %}
{%- endmacro %}
