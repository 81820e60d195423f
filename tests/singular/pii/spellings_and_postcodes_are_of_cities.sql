-- Fails if another spelling or a postcode area names a city that the seed cities does not have.
with named as (
    select country, city from {{ ref('city_names') }}
    union
    select country, city from {{ ref('postcode_areas') }}
)

select named.country, named.city
from named
left join {{ ref('cities') }} as cities on named.country = cities.country and named.city = cities.city
where cities.city is null
