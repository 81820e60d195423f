-- One row per profile seen on the web or in an app: where its first session that names a campaign came from.
with ranked_sessions as (
    select
        *,
        row_number() over (
            partition by profile_id
            order by
                case when coalesce(utm_source, utm_medium, utm_campaign) is null then 1 else 0 end,
                started_at,
                {{ byte_order('session_id') }}
        ) as campaign_rank
    from {{ ref('sessions') }}
    where profile_id is not null
),

traits as (
    select
        profile_id,
        max(case when campaign_rank = 1 then utm_source end) as acquisition_source,
        max(case when campaign_rank = 1 then utm_medium end) as acquisition_medium,
        max(case when campaign_rank = 1 then utm_campaign end) as acquisition_campaign,
        min(started_at) as first_session_at
    from ranked_sessions
    group by profile_id
)

select * from traits
