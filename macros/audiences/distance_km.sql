{#- The haversine on a globe of 6,371 km: half a per cent off at most, and exact enough for two points in one street. -#}
{% macro distance_km(latitude_a, longitude_a, latitude_b, longitude_b) -%}
    2 * 6371 * asin(
        least(
            1,
            sqrt(
                power(sin(radians({{ latitude_b }} - {{ latitude_a }}) / 2), 2)
                + cos(radians({{ latitude_a }})) * cos(radians({{ latitude_b }}))
                * power(sin(radians({{ longitude_b }} - {{ longitude_a }}) / 2), 2)
            )
        )
    )
{%- endmacro %}
