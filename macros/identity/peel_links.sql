{#- Runs rounds until no link is left and returns how many there were; folding needs the targets of each. -#}
{% macro peel_links(base) -%}
    {%- set state = namespace(round=0, links=onefolk.peel_count(base, 'links_0')) -%}
    {%- for _ in range(onefolk.peel_most_rounds()) -%}
        {% if state.links > 0 and state.round < onefolk.peel_most_rounds() %}
            {% do onefolk.peel_round(base, state.round) %}
            {% set links = onefolk.peel_count(base, 'links_' ~ (state.round + 1)) %}
            {% do log('connected_components: round ' ~ (state.round + 1) ~ ', ' ~ state.links ~ ' links -> ' ~ links) %}
            {% set has_stalled = links > 0.8 * state.links %}
            {% set state.round = state.round + 1 %}
            {% set state.links = links %}
            {% if has_stalled %}
                {% do onefolk.peel_rehash(base, state.round) %}
                {% set state.round = state.round + 1 %}
            {% endif %}
        {% endif %}
    {%- endfor -%}
    {% if state.links > 0 %}
        {% do exceptions.raise_compiler_error(
            'connected_components: ' ~ state.links ~ ' links are left after ' ~ state.round
            ~ ' rounds; the components are not known, so none are published.'
        ) %}
    {% endif %}
    {{ return(state.round) }}
{%- endmacro %}
