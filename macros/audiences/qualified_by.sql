{#- Told only where every condition says since when it holds, as qualified_at is. -#}
{% macro qualified_by(conditions, since) -%}
    {%- set tests = {} -%}
    {%- if conditions and conditions | length == since | length -%}
        {%- for condition, column in since.items() -%}
            {%- do tests.update({condition: column ~ ' >= greatest(' ~ since.values() | join(', ') ~ ', ' ~ column ~ ')'}) -%}
        {%- endfor -%}
    {%- endif -%}
    nullif({{ names_where(tests) }}, '')
{%- endmacro %}
