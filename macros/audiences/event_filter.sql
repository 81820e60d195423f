{#- What is misspelt here would find nobody, or hold nobody back: it is refused instead. -#}
{% macro event_filter(names, within_days, where) -%}
    {%- set most = var('audience_event_days') -%}
    {%- if within_days is not number or within_days < 0 or within_days > most -%}
        {% do exceptions.raise_compiler_error(
            "within_days=" ~ within_days ~ ": say a number from 0, today, to " ~ most ~ ", the var audience_event_days."
        ) %}
    {%- endif -%}
    {%- set conditions = [
        onefolk.is_one_of('event_name', names),
        "event_date >= cast('" ~ onefolk.date_ago(within_days) ~ "' as date)",
    ] -%}
    {%- for property, values in where.items() -%}
        {%- do onefolk.refuse_unknown_property(property) -%}
        {%- do conditions.append(onefolk.is_one_of(property, values)) -%}
    {%- endfor -%}
    {{ conditions | join(' and ') }}
{%- endmacro %}
