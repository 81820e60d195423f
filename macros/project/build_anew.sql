{% macro build_anew() -%}
    {{ return(" Run `onefolk build --full-refresh` once: it builds everything anew, and profile ids stay as they are.") }}
{%- endmacro %}
