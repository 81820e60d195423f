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

-- Where two rules join the same two, the surer holds.
pairs as (
    select
        identifiers.profile_id,
        max({{ link_confidence('links.link_rule', 'links.link_strength', 'links.evidence_count') }}) as confidence
    from {{ ref('identity_links') }} as links
    inner join {{ ref('identifiers') }} as identifiers on links.identifier_key_a = identifiers.identifier_key
    group by identifiers.profile_id, links.identifier_key_a, links.identifier_key_b
),

weakest_links as (
    select
        profile_id,
        min(confidence) as confidence
    from pairs
    group by profile_id
),

counts as (
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
),

-- Of one identifier nothing was joined, so nothing can be joined wrongly.
traits as (
    select
        counts.profile_id,
        counts.identifier_count,
        counts.email_count,
        counts.phone_count,
        counts.device_count,
        cast(coalesce(weakest_links.confidence, 1) as numeric(28, 6)) as identity_confidence,
        counts.is_known,
        counts.first_seen_at,
        counts.last_seen_at
    from counts
    left join weakest_links on counts.profile_id = weakest_links.profile_id
)

select * from traits
