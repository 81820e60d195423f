{% macro audience_purpose(name) -%}
    {{ return(audience_settings(name).get('purpose', '')) }}
{%- endmacro %}
