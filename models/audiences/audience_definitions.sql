-- One row per audience: what it is for, who answers for it, what its guard allows.
{{ config(access='public') }}

with audience_definitions as (
    {% for name in var('audiences') %}
        {% set settings = audience_settings(name) %}
        {% set guards = settings.get('guards', {}) %}
        select
            '{{ name }}' as audience,
            {{ text_or_null(settings.get('title')) }} as title,
            {{ text_or_null(settings.get('purpose')) }} as purpose,
            {{ text_or_null(settings.get('channel')) }} as channel,
            {{ text_or_null(settings.get('owner')) }} as owner,
            {{ text_or_null(settings.get('description')) }} as description,
            {{ text_or_null(settings.get('definition')) }} as definition,
            cast({{ guards.get('min_members', 'null') }} as bigint) as min_member_count,
            cast({{ guards.get('max_members', 'null') }} as bigint) as max_member_count,
            cast({{ guards.get('max_change_share', 'null') }} as numeric(28, 6)) as max_change_share,
            cast({{ guards.get('max_unreachable_share', 'null') }} as numeric(28, 6)) as max_unreachable_share,
            {{ settings.get('includes_anonymous', false) | lower }} as is_for_anonymous
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from audience_definitions
