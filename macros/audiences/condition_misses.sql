{#- A condition whose end has come ended by time alone; where it says nothing of its end, something happened. -#}
{% macro condition_misses(name) -%}
    {%- set until = condition_facets(name, 'until') -%}
    {%- set misses, unended = {}, [] -%}
    {%- for condition in condition_columns(name) -%}
        {%- do misses.update({condition: 'not coalesce(considered.' ~ condition ~ ', false)'}) -%}
        {%- set ended = ' or coalesce(considered.' ~ until[condition] ~ ' <= ' ~ as_of() ~ ', false)' if condition in until else '' -%}
        {%- do unended.append('(coalesce(considered.' ~ condition ~ ', false)' ~ ended ~ ')') -%}
    {%- endfor -%}
    select
        leaving.audience,
        leaving.profile_id,
        nullif({{ names_where(misses) }}, '') as conditions,
        {{ unended | join(' and ') or '1 = 1' }} as has_expired
    from leaving
    inner join {{ ref('aud_' ~ name) }} as considered on leaving.profile_id = considered.profile_id
    where leaving.audience = '{{ name }}'
{%- endmacro %}
