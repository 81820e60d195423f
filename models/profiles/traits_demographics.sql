-- One row per profile of whom such a fact is known: each field as the newest record of the most trusted source says it.
{% set fields = ['country', 'city', 'language', 'gender', 'birth_date'] %}

with stated_facts as (
    select
        'stg_crm__contacts' as record_source,
        crm_contact_id as record_id,
        1 as source_rank,
        upper(country) as country,
        city,
        lower(language) as language,
        lower(gender) as gender,
        birth_date,
        coalesce(updated_at, created_at, loaded_at) as stated_at
    from {{ ref('stg_crm__contacts') }}
    union all
    select
        'stg_pos__loyalty_members' as record_source,
        loyalty_id as record_id,
        2 as source_rank,
        cast(null as {{ dbt.type_string() }}) as country,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as {{ dbt.type_string() }}) as language,
        cast(null as {{ dbt.type_string() }}) as gender,
        birth_date,
        coalesce(updated_at, enrolled_at, loaded_at) as stated_at
    from {{ ref('stg_pos__loyalty_members') }}
    union all
    select
        'stg_events__events' as record_source,
        message_id as record_id,
        3 as source_rank,
        upper(country) as country,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as {{ dbt.type_string() }}) as language,
        cast(null as {{ dbt.type_string() }}) as gender,
        cast(null as date) as birth_date,
        occurred_at as stated_at
    from {{ ref('stg_events__events') }}
    where country is not null
),

ranked_facts as (
    select
        door.profile_id,
        {% for field in fields %}
            facts.{{ field }},
            row_number() over (
                partition by door.profile_id
                order by
                    case when facts.{{ field }} is null then 1 else 0 end,
                    facts.source_rank,
                    facts.stated_at desc,
                    {{ byte_order('facts.record_id') }}
            ) as {{ field }}_rank {{- ',' if not loop.last }}
        {% endfor %}
    from stated_facts as facts
    inner join {{ ref('profiles_door') }} as door
        on facts.record_source = door.record_source and facts.record_id = door.record_id
),

chosen_facts as (
    select
        profile_id,
        {% for field in fields %}
            max(case when {{ field }}_rank = 1 then {{ field }} end) as {{ field }} {{- ',' if not loop.last }}
        {% endfor %}
    from ranked_facts
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
    from chosen_facts
),

traits as (
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
)

select * from traits
