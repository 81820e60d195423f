-- One row per profile of which a country or a birthday is known: the newest that the most trusted source says.
with stated_facts as (
    select
        'stg_crm__contacts' as record_source,
        crm_contact_id as record_id,
        1 as source_rank,
        upper(country) as country,
        birth_date,
        coalesce(updated_at, created_at, loaded_at) as stated_at
    from {{ ref('stg_crm__contacts') }}
    union all
    select
        'stg_pos__loyalty_members' as record_source,
        loyalty_id as record_id,
        2 as source_rank,
        cast(null as {{ dbt.type_string() }}) as country,
        birth_date,
        coalesce(updated_at, enrolled_at, loaded_at) as stated_at
    from {{ ref('stg_pos__loyalty_members') }}
    union all
    select
        'stg_events__events' as record_source,
        message_id as record_id,
        3 as source_rank,
        upper(country) as country,
        cast(null as date) as birth_date,
        occurred_at as stated_at
    from {{ ref('stg_events__events') }}
    where country is not null
),

facts_of_profiles as (
    select
        door.profile_id,
        facts.record_id,
        facts.source_rank,
        facts.country,
        facts.birth_date,
        facts.stated_at
    from stated_facts as facts
    inner join {{ ref('profiles_door') }} as door
        on facts.record_source = door.record_source and facts.record_id = door.record_id
),

ranked_facts as (
    select
        profile_id,
        country,
        birth_date,
        row_number() over (
            partition by profile_id
            order by
                case when country is null then 1 else 0 end,
                source_rank,
                stated_at desc,
                {{ byte_order('record_id') }}
        ) as country_rank,
        row_number() over (
            partition by profile_id
            order by
                case when birth_date is null then 1 else 0 end,
                source_rank,
                stated_at desc,
                {{ byte_order('record_id') }}
        ) as birth_date_rank
    from facts_of_profiles
),

traits as (
    select
        profile_id,
        max(case when country_rank = 1 then country end) as country,
        cast(max(case when birth_date_rank = 1 then extract(month from birth_date) end) as integer) as birth_month,
        cast(max(case when birth_date_rank = 1 then extract(day from birth_date) end) as integer) as birth_day
    from ranked_facts
    group by profile_id
)

select * from traits
