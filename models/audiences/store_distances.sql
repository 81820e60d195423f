-- One row per place where somebody lives and store near it: how far apart they are.
with places as (
    select distinct
        city_latitude,
        city_longitude
    from {{ ref('profiles') }}
    where city_latitude is not null and city_longitude is not null
),

-- A degree of latitude is 111 km everywhere; what is further apart than that need not be reckoned.
near_by_latitude as (
    select
        places.city_latitude,
        places.city_longitude,
        stores.store_id,
        {{ distance_km('places.city_latitude', 'places.city_longitude', 'stores.latitude', 'stores.longitude') }}
            as distance_km
    from places
    inner join {{ ref('stores') }} as stores
        on
            stores.latitude >= places.city_latitude - {{ var('audience_store_km') }} / 111.0
            and stores.latitude <= places.city_latitude + {{ var('audience_store_km') }} / 111.0
            and stores.longitude is not null
),

store_distances as (
    select
        city_latitude,
        city_longitude,
        store_id,
        cast(distance_km as numeric(28, 6)) as distance_km
    from near_by_latitude
    where distance_km <= {{ var('audience_store_km') }}
)

select * from store_distances
