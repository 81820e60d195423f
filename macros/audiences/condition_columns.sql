{#- Read from the built table, so a condition is in by being written; an unbuilt or unreadable one has none. -#}
{% macro condition_columns(relation) -%}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- if column.data_type | lower in ['boolean', 'bool'] -%}
                {%- do names.append(column.name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names) }}
{%- endmacro %}
