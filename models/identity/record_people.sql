-- One row per source record that says what its person is called or when they were born: both as keys.
{{ config(schema='pii') }}

with stated_people as (
    {% for record in var('contact_records') %}
        select
            '{{ record.model }}' as record_source,
            {{ record_id(record.record_id) }} as record_id,
            {{ (record.points.first_name or ['null']) | first }} as first_name,
            cast({{ (record.points.birth_date or ['null']) | first }} as date) as birth_date
        from {{ ref(record.model) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- There are far fewer names and days than people, so each is keyed once.
first_names as (
    select
        names.first_name,
        {{ dbt.hash("salts.salt || '|first_name|' || " ~ lower_text("names.first_name")) }} as first_name_key
    from (select distinct first_name from stated_people) as names
    cross join {{ ref('identifier_salt') }} as salts
    where names.first_name is not null
),

birth_dates as (
    select
        days.birth_date,
        {{ dbt.hash("salts.salt || '|birth_date|' || cast(days.birth_date as " ~ dbt.type_string() ~ ")") }}
            as birth_date_key
    from (select distinct birth_date from stated_people) as days
    cross join {{ ref('identifier_salt') }} as salts
    where days.birth_date is not null
),

keyed_people as (
    select
        people.record_source,
        people.record_id,
        first_names.first_name_key,
        birth_dates.birth_date_key
    from stated_people as people
    left join first_names on people.first_name = first_names.first_name
    left join birth_dates on people.birth_date = birth_dates.birth_date
    where people.first_name is not null or people.birth_date is not null
)

select * from keyed_people
