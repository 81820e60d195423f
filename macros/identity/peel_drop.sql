{% macro peel_drop(base) -%}
    {%- set prefix = base.identifier ~ '_' -%}
    {%- for found in list_relations_without_caching(base.without_identifier()) -%}
        {%- if found[1].startswith(prefix) -%}
            {% do adapter.drop_relation(onefolk.peel_scratch(base, found[1][prefix | length:])) %}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
