{#- Known only where every condition says since when it holds: one that doesn't may be the one that came last. -#}
{% macro qualified_at(conditions, since) -%}
    {%- if conditions and conditions | length == since | length -%}
        case
            when {% for column in since.values() %}{{ column }} is not null{{ ' and ' if not loop.last }}{% endfor %}
                then least({{ as_of() }}, greatest(cast('1900-01-01' as timestamp), {{ since.values() | join(', ') }}))
            else {{ as_of() }}
        end
    {%- else -%}
        {{ as_of() }}
    {%- endif -%}
{%- endmacro %}
