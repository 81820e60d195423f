-- One row per profile that messages were sent to: how many of late, and what it did with them.
{% set windows = [30, 90] %}

with traits as (
    select
        profile_id,
        {% for channel in ['email', 'sms'] %}
            {% for days in windows %}
                {% set is_recent = "message_channel = '" ~ channel ~ "' and sent_at > "
                    ~ dbt.dateadd('day', -days, as_of()) %}
                cast(sum(case when {{ is_recent }} then 1 else 0 end) as integer)
                    as {{ channel }}_sent_count_{{ days }}d,
                {% if channel == 'email' %}
                    cast(sum(case when {{ is_recent }} and opened_at is not null then 1 else 0 end) as integer)
                        as {{ channel }}_opened_count_{{ days }}d,
                {% endif %}
                cast(sum(case when {{ is_recent }} and clicked_at is not null then 1 else 0 end) as integer)
                    as {{ channel }}_clicked_count_{{ days }}d,
            {% endfor %}
        {% endfor %}
        max(case when complained_at is not null or unsubscribed_at is not null then 1 else 0 end) = 1
            as has_unsubscribed,
        max(sent_at) as last_message_sent_at,
        max(coalesce(clicked_at, replied_at, opened_at)) as last_engaged_at
    from {{ ref('messages') }}
    where profile_id is not null
    group by profile_id
)

select * from traits
