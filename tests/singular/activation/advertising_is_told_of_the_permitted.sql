-- Fails if a company is told of somebody who doesn't permit it both of the purposes that its signals stand for.
with permitted as (
    select profile_id, purpose from {{ ref('permissions') }}
    where channel = 'ads' and is_allowed
),

told as (
    select
        rows_to_hold.profile_id,
        rows_to_hold.ad_user_data,
        rows_to_hold.ad_personalization,
        max(case when permitted.purpose = 'advertising' then 1 else 0 end) as advertising_count,
        max(case when permitted.purpose = 'personalisation' then 1 else 0 end) as personalisation_count
    from {{ ref('sync_advertising__recent_buyers') }} as rows_to_hold
    left join permitted on rows_to_hold.profile_id = permitted.profile_id
    group by rows_to_hold.profile_id, rows_to_hold.ad_user_data, rows_to_hold.ad_personalization
)

select * from told
where
    coalesce(ad_user_data, '') <> 'GRANTED'
    or coalesce(ad_personalization, '') <> 'GRANTED'
    or advertising_count = 0
    or personalisation_count = 0
