{#- Also before a run: a run that raised or was killed may have left its tables behind. -#}
{% macro drop_peel_scratch(relation) -%}
    {%- set prefix = relation.identifier ~ '__peel_' -%}
    {%- for found in list_relations_without_caching(relation.without_identifier()) -%}
        {%- if found[1].startswith(prefix) -%}
            {% do adapter.drop_relation(onefolk.peel_scratch(relation, found[1][prefix | length:])) %}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
