-- One row per profile whose city or postcode we can place: its region, and about where it is.
with survivors as (
    select
        profile_id,
        max(case when field = 'country' then field_value end) as country,
        max(case when field = 'city' then field_value end) as city,
        max(case when field = 'postcode' then field_value end) as postcode
    from {{ ref('surviving_values') }}
    where preference = 1 and validity <> 'expired' and field in ('country', 'city', 'postcode')
    group by profile_id
),

written_places as (
    select distinct
        country,
        city,
        case when city is null then postcode end as postcode
    from survivors
    where country is not null and coalesce(city, postcode) is not null
),

keyed_places as (
    select
        country,
        city,
        postcode,
        {{ place_key('city') }} as city_key,
        -- Before the number some write the letters of the country, as in D-80331.
        {{ place_key(regex_replace_all('postcode', '^[A-Za-z]+-', '')) }} as postcode_key
    from written_places
),

spellings as (
    select country, city as city_name, city from {{ ref('cities') }}
    union all
    select country, city_name, city from {{ ref('city_names') }}
),

keyed_spellings as (
    select country, city, {{ place_key('city_name') }} as city_key from spellings
),

-- A spelling of two cities places nobody.
names as (
    select country, city_key, min(city) as city from keyed_spellings
    group by country, city_key
    having count(distinct city) = 1
),

areas as (
    select country, city, {{ place_key('postcode_prefix') }} as area_key from {{ ref('postcode_areas') }}
),

-- Of the areas that a postcode lies in the smallest counts.
ranked_places as (
    select
        keyed.country,
        keyed.city,
        keyed.postcode,
        coalesce(names.city, areas.city) as known_city,
        row_number() over (
            partition by keyed.country, keyed.city, keyed.postcode order by length(areas.area_key) desc, areas.area_key
        ) as closeness
    from keyed_places as keyed
    left join names on keyed.country = names.country and keyed.city_key = names.city_key
    left join areas
        on
            keyed.country = areas.country
            and left(keyed.postcode_key, length(areas.area_key)) = areas.area_key
),

profile_places as (
    select
        survivors.profile_id,
        cities.region,
        cities.latitude,
        cities.longitude
    from survivors
    inner join ranked_places as ranked
        on
            survivors.country = ranked.country
            and coalesce(survivors.city, '') = coalesce(ranked.city, '')
            and (survivors.city is not null or survivors.postcode = ranked.postcode)
            and ranked.closeness = 1
    inner join {{ ref('cities') }} as cities
        on ranked.country = cities.country and ranked.known_city = cities.city
)

select * from profile_places
