-- One row per store.
{{ config(access='public') }}

-- A place off the globe is no place, and half a one neither.
with stores as (
    select
        store_id,
        store_name,
        city,
        upper(country) as country,
        case when abs(latitude) <= 90 and abs(longitude) <= 180 then latitude end as latitude,
        case when abs(latitude) <= 90 and abs(longitude) <= 180 then longitude end as longitude
    from {{ ref('stg_pos__stores') }}
)

select * from stores
