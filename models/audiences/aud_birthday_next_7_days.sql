-- One row per customer: which conditions of birthday_next_7_days hold.
with conditions as (
    select
        profile_id,
        {{ is_anniversary_within('birth_month', 'birth_day', 7) }} as has_birthday_within_7_days
    from {{ ref('customers') }}
)

select * from conditions
