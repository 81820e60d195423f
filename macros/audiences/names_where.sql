{% macro names_where(tests) -%}
    {%- if tests -%}
        substr(
            {%- for name, test in tests.items() %}
                case when {{ test }} then ', {{ name }}' else '' end{{ ' ||' if not loop.last }}
            {%- endfor %}, 3
        )
    {%- else -%}
        ''
    {%- endif -%}
{%- endmacro %}
