-- One row per profile of whom such a fact is known: of each field the value that survived.
with survivors as (
    select
        profile_id,
        {% for field in ['country', 'city', 'language', 'gender'] %}
            max(case when field = '{{ field }}' then field_value end) as {{ field }},
        {% endfor %}
        cast(max(case when field = 'birth_date' then field_value end) as date) as birth_date
    from {{ ref('surviving_values') }}
    where preference = 1 and validity <> 'expired'
    group by profile_id
),

-- A birthday that is still to come this year has not made anyone a year older yet.
aged as (
    select
        *,
        cast(
            extract(year from {{ today() }}) - extract(year from birth_date)
            - case
                when
                    extract(month from birth_date) * 100 + extract(day from birth_date)
                    > extract(month from {{ today() }}) * 100 + extract(day from {{ today() }})
                    then 1
                else 0
            end as integer
        ) as age
    from survivors
),

traits as (
    select
        aged.profile_id,
        aged.country,
        places.region,
        aged.city,
        aged.language,
        aged.gender,
        case
            when aged.age is null or aged.age < 0 or aged.age > 120 then null
            when aged.age < 18 then 'under 18'
            when aged.age < 25 then '18-24'
            when aged.age < 35 then '25-34'
            when aged.age < 45 then '35-44'
            when aged.age < 55 then '45-54'
            when aged.age < 65 then '55-64'
            else '65 and over'
        end as age_band,
        places.latitude as city_latitude,
        places.longitude as city_longitude,
        cast(extract(month from aged.birth_date) as integer) as birth_month,
        cast(extract(day from aged.birth_date) as integer) as birth_day
    from aged
    left join {{ ref('profile_places') }} as places on aged.profile_id = places.profile_id
    where coalesce(aged.country, aged.city, aged.language, aged.gender) is not null or aged.birth_date is not null
)

select * from traits
