-- One row per profile, known or anonymous: which conditions of segment_prospects hold.
with outdoor_people as (
    {{ has_segment(['hiking', 'camping'], taxonomy='interest', min_confidence=0.6) }}
),

conditions as (
    select
        profiles.profile_id,
        outdoor_people.confidence as has_outdoor_interest__value,
        outdoor_people.profile_id is not null as has_outdoor_interest,
        profiles.order_count = 0 as has_never_bought,
        {{ is_on_list('delivery_countries', 'profiles.country') }} as is_where_we_deliver,
        outdoor_people.since_at as has_outdoor_interest__since,
        outdoor_people.ends_at as has_outdoor_interest__until
    from {{ ref('profiles') }} as profiles
    left join outdoor_people on profiles.profile_id = outdoor_people.profile_id
)

select * from conditions
