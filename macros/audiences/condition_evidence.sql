{#- A near miss lacks one condition of several; a member is shown also where a guard holds it against its conditions. -#}
{% macro condition_evidence(name) -%}
    {%- set values, since, until = [
        condition_facets(name, 'value'), condition_facets(name, 'since'), condition_facets(name, 'until')
    ] -%}
    {%- set conditions = condition_columns(name) -%}
    {%- set lacking = [] -%}
    {%- for condition in conditions -%}
        {%- do lacking.append('case when ' ~ condition ~ ' then 0 else 1 end') -%}
    {%- endfor -%}
    {%- for condition in conditions or [none] %}
    select
        '{{ name }}' as audience,
        considered.profile_id,
        {{ text_or_null(condition) }} as condition,
        cast({{ 'considered.' ~ values[condition] if condition in values else 'null' }} as {{ dbt.type_string() }}) as condition_value,
        {{ 'coalesce(considered.' ~ condition ~ ', false)' if condition else 'false' }} as is_met,
        members.profile_id is not null as is_member,
        cast({{ 'considered.' ~ since[condition] if condition in since else 'null' }} as timestamp) as valid_from,
        cast({{ 'considered.' ~ until[condition] if condition in until else 'null' }} as timestamp) as valid_until
    from {{ ref('aud_' ~ name) }} as considered
    left join {{ ref('audience_members') }} as members
        on considered.profile_id = members.profile_id and members.audience = '{{ name }}'
    where
        members.profile_id is not null
        or {{ lacking | join(' + ') ~ ' <= ' ~ (1 if conditions | length > 1 else 0) if conditions else '1 = 0' }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
