-- One row per customer: which conditions of birthday_next_7_days hold.
with birthdays as (
    select
        profile_id,
        {{ anniversary_within('birth_month', 'birth_day', 7) }} as birthday
    from {{ ref('customers') }}
),

conditions as (
    select
        profile_id,
        birthday is not null as has_birthday_within_7_days,
        {{ day_start('birthday', -7) }} as has_birthday_within_7_days__since,
        {{ day_start('birthday', 1) }} as has_birthday_within_7_days__until
    from birthdays
)

select * from conditions
