-- One row per profile and period in which its slowly changing fields stayed the same.
{{ config(access='public') }}

with periods as (
    select
        *,
        lead(occurred_at) over (partition by profile_id order by generation) as valid_to
    from {{ ref('profile_states') }}
),

profile_history as (
    select
        profile_id,
        occurred_at as valid_from,
        {% for field in history_fields() if not field.startswith(('is_', 'has_')) %}
            {{ field }},
        {% endfor %}
        {% for field in history_fields() if field.startswith(('is_', 'has_')) %}
            {{ field }},
        {% endfor %}
        valid_to is null as is_current,
        valid_to
    from periods
    -- Two runs may share a clock: what the first of them saw held at no time.
    where not is_gone and (valid_to is null or valid_to > occurred_at)
)

select * from profile_history
