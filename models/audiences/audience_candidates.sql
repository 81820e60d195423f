-- One row per audience and profile for which every condition of the audience holds, before its guard.
with candidates as (
    {% for name in var('audiences') %}
        {% set conditions = condition_columns(name) %}
        {% do refuse_without_conditions(name, conditions) %}
        select
            '{{ name }}' as audience,
            profile_id,
            {{ qualified_by(conditions, condition_facets(name, 'since')) }} as qualified_by,
            {{ qualified_at(conditions, condition_facets(name, 'since')) }} as qualified_at,
            {{ expires_at(condition_facets(name, 'until')) }} as expires_at
        from {{ ref('aud_' ~ name) }}
        where
            -- Without a condition that can be read nobody is a member.
            {{ conditions | join(' and ') or '1 = 0' }}
            {% if not audience_settings(name).get('includes_anonymous') %}
                and profile_id in (select profile_id from {{ ref('customers') }})
            {% endif %}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from candidates
