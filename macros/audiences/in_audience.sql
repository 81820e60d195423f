{#- Whom the conditions name: guards and consent of the other audience say what happens to it, not who is meant. -#}
{% macro in_audience(name) -%}
    {%- set audience = ref('aud_' ~ name) -%}
    select profile_id
    from {{ audience }}
    where {{ onefolk.condition_columns(audience) | join(' and ') or '1 = 0' }}
{%- endmacro %}
