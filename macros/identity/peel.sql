{#- Leaves the table labels (node_key, node, label) behind; returns how many rounds it took. -#}
{% macro peel(base, links, node_ids) -%}
    {% do onefolk.peel_nodes(base, links, node_ids) %}
    {% set steps = onefolk.peel_links(base) %}
    {% do onefolk.peel_fold(base, steps) %}
    {%- set nodes = onefolk.peel_count(base, 'nodes') -%}
    {%- set labels = onefolk.peel_count(base, 'labels_0' if steps else 'nodes') -%}
    {#- Every id gets one label, so of keys that share an id all but one are left over. -#}
    {% if nodes != labels %}
        {% do exceptions.raise_compiler_error(
            'connected_components: ' ~ nodes ~ ' nodes got ' ~ labels ~ ' labels. Nodes that share their hash with another'
            ~ ' would be merged with strangers, so none are published.'
        ) %}
    {% endif %}
    {{ return(steps | select('equalto', 'round') | list | length) }}
{%- endmacro %}
