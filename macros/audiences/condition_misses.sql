{#-
    Time alone ended a membership where its end, known before, has come, and every condition that fails is one that ends.
    Facts that end are often gone afterwards, so what the last run said of the end counts too.
-#}
{% macro condition_misses(name) -%}
    {%- set until = condition_facets(name, 'until') -%}
    {%- set misses, unended, ended = {}, [], ['coalesce(leaving.expires_at <= ' ~ as_of() ~ ', false)'] -%}
    {%- for condition in condition_columns(name) -%}
        {%- set holds = 'coalesce(considered.' ~ condition ~ ', false)' -%}
        {%- do misses.update({condition: 'not ' ~ holds}) -%}
        {%- if condition in until -%}
            {%- do ended.append('coalesce(considered.' ~ until[condition] ~ ' <= ' ~ as_of() ~ ', false)') -%}
        {%- else -%}
            {%- do unended.append(holds) -%}
        {%- endif -%}
    {%- endfor -%}
    select
        leaving.audience,
        leaving.profile_id,
        nullif({{ names_where(misses) }}, '') as conditions,
        ({{ ended | join(' or ') }}) and {{ unended | join(' and ') or '1 = 1' }} as has_expired
    from leaving
    inner join {{ ref('aud_' ~ name) }} as considered on leaving.profile_id = considered.profile_id
    where leaving.audience = '{{ name }}'
{%- endmacro %}
