-- One row per profile: how it is known and since when.
with identifiers as (
    select
        profile_id,
        identifier_type,
        case when is_known then 1 else 0 end as makes_known,
        first_seen_at,
        last_seen_at
    from {{ ref('identifiers') }}
),

traits as (
    select
        profile_id,
        cast(count(*) as integer) as identifier_count,
        cast(sum(case when identifier_type = 'email' then 1 else 0 end) as integer) as email_count,
        cast(sum(case when identifier_type = 'phone' then 1 else 0 end) as integer) as phone_count,
        cast(sum(case when identifier_type in ('anonymous_id', 'device_id', 'cookie_id') then 1 else 0 end) as integer)
            as device_count,
        max(makes_known) = 1 as is_known,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from identifiers
    group by profile_id
)

select * from traits
