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

banded as (
    select
        profile_id,
        country,
        city,
        language,
        gender,
        case
            when age is null or age < 0 or age > 120 then null
            when age < 18 then 'under 18'
            when age < 25 then '18-24'
            when age < 35 then '25-34'
            when age < 45 then '35-44'
            when age < 55 then '45-54'
            when age < 65 then '55-64'
            else '65 and over'
        end as age_band,
        cast(extract(month from birth_date) as integer) as birth_month,
        cast(extract(day from birth_date) as integer) as birth_day
    from aged
),

traits as (
    select
        banded.profile_id,
        banded.country,
        places.region,
        banded.city,
        banded.language,
        banded.gender,
        banded.age_band,
        places.latitude as city_latitude,
        places.longitude as city_longitude,
        banded.birth_month,
        banded.birth_day
    from banded
    left join {{ ref('profile_places') }} as places on banded.profile_id = places.profile_id
    where
        coalesce(banded.country, banded.city, banded.language, banded.gender) is not null
        or banded.birth_month is not null
)

select * from traits
