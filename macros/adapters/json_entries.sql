{#- Joined from the left, so that a text without such an object stays, with neither key nor value. -#}
{% macro json_entries(expression, path) -%}
    {{ return(adapter.dispatch('json_entries', 'onefolk')(expression, path)) }}
{%- endmacro %}

{% macro default__json_entries(expression, path) -%}
    left join lateral (
        select entry_key, cast(entry_value as text) as entry_value
        from explode(from_json(get_json_object({{ expression }}, '$.{{ path }}'), 'map<string,string>'))
            as exploded (entry_key, entry_value)
    ) as entries on true
{%- endmacro %}

{% macro duckdb__json_entries(expression, path) -%}
    {%- set object = "try(json_extract(" ~ expression ~ ", '$." ~ path ~ "'))" -%}
    left join lateral (
        select key as entry_key, cast(value as text) as entry_value
        from json_each(case when json_type({{ object }}) = 'OBJECT' then {{ object }} end)
    ) as entries on true
{%- endmacro %}

{% macro postgres__json_entries(expression, path) -%}
    {%- set object = onefolk.cast_or_null(expression, 'json') ~ " #> '{" ~ path.replace('.', ',') ~ "}'" -%}
    left join lateral (
        select key as entry_key, cast(value as text) as entry_value
        from json_each(case when json_typeof({{ object }}) = 'object' then {{ object }} end)
    ) as entries on true
{%- endmacro %}
