{#- The first of its conditions to end ends a membership; one that says nothing of its end has none. -#}
{% macro expires_at(until) -%}
    {%- if until -%}
        {%- set never = "cast('9999-12-31 00:00:00' as timestamp)" -%}
        nullif(least({{ never }}
            {%- for column in until.values() %}, coalesce({{ column }}, {{ never }}){% endfor -%}
        ), {{ never }})
    {%- else -%}
        cast(null as timestamp)
    {%- endif -%}
{%- endmacro %}
