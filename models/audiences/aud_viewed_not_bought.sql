-- One row per profile, known or anonymous: which conditions of viewed_not_bought hold.
with viewed_categories as (
    {{ did_event('Product Viewed', at_least=3, within_days=14, same='category') }}
),

bought_categories as (
    {{ did_event('Product Bought', within_days=14, same='category') }}
),

-- Who bought of one category may still want another.
viewed_per_profile as (
    select
        viewed.profile_id,
        {{ dbt.listagg(
            'case when bought.profile_id is null then viewed.category end', "', '",
            'order by ' ~ byte_order('viewed.category')
        ) }} as unbought_categories,
        max(viewed.event_count) as most_views,
        max(case when bought.profile_id is null then 1 else 0 end) as has_unbought,
        max(viewed.ends_at) as ends_at
    from viewed_categories as viewed
    left join bought_categories as bought
        on viewed.profile_id = bought.profile_id and viewed.category = bought.category
    group by viewed.profile_id
),

conditions as (
    select
        profiles.profile_id,
        viewed.unbought_categories as has_bought_none_of_it__value,
        viewed.most_views as has_viewed_a_category_3_times__value,
        viewed.profile_id is not null as has_viewed_a_category_3_times,
        coalesce(viewed.has_unbought, 1) = 1 as has_bought_none_of_it,
        viewed.ends_at as has_viewed_a_category_3_times__until
    from {{ ref('profiles') }} as profiles
    left join viewed_per_profile as viewed on profiles.profile_id = viewed.profile_id
)

select * from conditions
