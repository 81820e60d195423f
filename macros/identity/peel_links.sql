{#-
    Takes steps until no link is left, and returns them: a `round`, or a `renaming`, which gives every node a new random
    name. Whoever always follows the smallest soon meets only small ones, and on names in the order of a path a round
    would remove one node. Every round but the first two is renamed, needed or not: so what a component is called depends
    on its own links alone, and not on how fast the others shrink.
-#}
{% macro peel_links(base) -%}
    {%- set state = namespace(steps=[], round=0, links=onefolk.peel_count(base, 'links_0')) -%}
    {%- for _ in range(onefolk.peel_most_rounds()) -%}
        {% if state.links > 0 %}
            {% if state.round >= 2 %}
                {% do onefolk.peel_rename(base, state.steps | length) %}
                {% do state.steps.append('renaming') %}
            {% endif %}
            {% do onefolk.peel_round(base, state.steps | length) %}
            {% do state.steps.append('round') %}
            {% set links = onefolk.peel_count(base, 'links_' ~ state.steps | length) %}
            {% set state.round = state.round + 1 %}
            {% do log('connected_components: round ' ~ state.round ~ ', ' ~ state.links ~ ' links -> ' ~ links) %}
            {% set state.links = links %}
        {% endif %}
    {%- endfor -%}
    {% if state.links > 0 %}
        {% do exceptions.raise_compiler_error(
            'connected_components: ' ~ state.links ~ ' links are left after ' ~ state.round
            ~ ' rounds; the components are not known, so none are published.'
        ) %}
    {% endif %}
    {{ return(state.steps) }}
{%- endmacro %}
