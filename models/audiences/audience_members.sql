-- One row per audience and member: a profile for which every condition of the audience holds.
{{ config(access='public') }}

with members as (
    {% for name in var('audiences') %}
        {% set conditions = condition_columns(ref('aud_' ~ name)) %}
        select
            '{{ name }}' as audience,
            profile_id,
            '{{ audience_purpose(name) }}' as purpose
        from {{ ref('aud_' ~ name) }}
        -- Without a condition that can be read nobody is a member.
        where {{ conditions | join(' and ') or '1 = 0' }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from members
