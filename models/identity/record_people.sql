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

keyed_people as (
    select
        people.record_source,
        people.record_id,
        {{ dbt.hash("salts.salt || '|first_name|' || " ~ lower_text("people.first_name")) }} as first_name_key,
        {{ dbt.hash("salts.salt || '|birth_date|' || cast(people.birth_date as " ~ dbt.type_string() ~ ")") }}
            as birth_date_key
    from stated_people as people
    cross join {{ ref('identifier_salt') }} as salts
    where people.first_name is not null or people.birth_date is not null
)

select * from keyed_people
