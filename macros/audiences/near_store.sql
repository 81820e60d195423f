{#- Of the stores within reach the nearest, whoever shares the place. -#}
{% macro near_store(km, stores=none) -%}
    {%- if km is not number or km <= 0 or km > var('audience_store_km') -%}
        {% do exceptions.raise_compiler_error(
            "km=" ~ km ~ ": say a number up to " ~ var('audience_store_km') ~ ", the var audience_store_km."
        ) %}
    {%- endif -%}
    select
        profiles.profile_id,
        nearest.store_id,
        nearest.distance_km
    from {{ ref('profiles') }} as profiles
    inner join (
        select
            city_latitude,
            city_longitude,
            store_id,
            distance_km,
            row_number() over (
                partition by city_latitude, city_longitude order by distance_km, {{ onefolk.byte_order('store_id') }}
            ) as nearness
        from {{ ref('store_distances') }}
        where distance_km <= {{ km }}{% if stores %} and {{ onefolk.is_one_of('store_id', stores) }}{% endif %}
    ) as nearest
        on
            profiles.city_latitude = nearest.city_latitude
            and profiles.city_longitude = nearest.city_longitude
            and nearest.nearness = 1
{%- endmacro %}
