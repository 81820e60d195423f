{% macro unreadable_reason(breaches) -%}
    nullif(
        concat_ws(
            '; '
            {%- for breach in breaches %},
            case when {{ breach.condition }} then {{ breach.reason }} end
            {%- endfor %}
        ),
        ''
    )
{%- endmacro %}
