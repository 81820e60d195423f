-- One row per profile, event, its properties and day, of the days that audiences look back.
-- The days are kept rather than the windows, so that an audience may look back as far as it likes.
with recent_events as (
    select
        profile_id,
        event_name,
        {% for property in var('audience_event_properties') %}
            -- Nothing instead of null: a key has no nulls.
            coalesce({{ property }}, '') as {{ property }},
        {% endfor %}
        event_date,
        occurred_at
    from {{ ref('recent_events') }}
),

event_windows as (
    select
        profile_id,
        event_name,
        {% for property in var('audience_event_properties') %}
            {{ property }},
        {% endfor %}
        count(*) as event_count,
        event_date,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from recent_events
    group by
        profile_id,
        event_name,
        {% for property in var('audience_event_properties') %}
            {{ property }},
        {% endfor %}
        event_date
)

select * from event_windows
