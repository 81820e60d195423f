{% macro peel_is_incremental(relation) -%}
    {%- if not execute or flags.FULL_REFRESH -%} {{ return(false) }} {%- endif -%}
    {%- set built = load_cached_relation(relation) -%}
    {%- if built is none -%} {{ return(false) }} {%- endif -%}
    {{ return('linked_id' in adapter.get_columns_in_relation(built) | map(attribute='name') | list) }}
{%- endmacro %}
