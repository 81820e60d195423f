-- One row per audience and channel: how many members there are to reach, may be reached, and why the others may not.
{{ config(access='public') }}
{%- set reasons = [
    'refused', 'withdrawn', 'ran_out', 'not_yet_valid', 'unsubscribed', 'complained', 'bounced', 'objected',
    'erasure_requested',
] %}

with permissions as (
    select
        profile_id,
        purpose,
        channel,
        case when is_allowed then 'allowed' else reason end as outcome
    from {{ ref('permissions') }}
),

-- Few combinations of outcomes are met by many people, so members are counted by combination.
combinations as (
    select
        profile_id,
        purpose,
        {{ dbt.listagg("channel || ' ' || outcome", "','", 'order by channel') }} as combination
    from permissions
    group by profile_id, purpose
),

samples as (
    select combination, purpose, min(profile_id) as profile_id from combinations
    group by combination, purpose
),

counted_members as (
    select
        members.audience,
        members.purpose,
        combinations.combination,
        case when profiles.email_count > 0 then 1 else 0 end as email_count,
        case when profiles.phone_count > 0 then 1 else 0 end as phone_count,
        case when profiles.device_count > 0 then 1 else 0 end as device_count,
        count(*) as member_count
    from {{ ref('audience_members') }} as members
    inner join {{ ref('profiles') }} as profiles on members.profile_id = profiles.profile_id
    left join combinations
        on members.profile_id = combinations.profile_id and members.purpose = combinations.purpose
    group by 1, 2, 3, 4, 5, 6
),

outcomes as (
    select
        profiles.audience,
        channels.channel,
        profiles.member_count,
        {{ has_contact_point('channels.contact_type') }} as has_contact_point,
        coalesce(permissions.outcome, 'unknown') as outcome
    from counted_members as profiles
    cross join {{ ref('channels') }} as channels
    left join samples on profiles.combination = samples.combination and profiles.purpose = samples.purpose
    left join permissions
        on
            samples.profile_id = permissions.profile_id
            and samples.purpose = permissions.purpose
            and channels.channel = permissions.channel
),

reach as (
    select
        definitions.audience,
        channels.channel,
        definitions.purpose,
        {{ count_members('1 = 1') }} as member_count,
        {{ count_members('outcomes.has_contact_point') }} as contactable_count,
        {{ count_members("outcomes.outcome = 'allowed'") }} as permitted_count,
        {{ count_members("outcomes.outcome = 'allowed' and outcomes.has_contact_point") }} as deliverable_count,
        {{ count_members("outcomes.outcome = 'unknown'") }} as never_asked_count,
        {% for reason in reasons %}
            {{ count_members("outcomes.outcome = '" ~ reason ~ "'") }} as {{ reason }}_count{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('audience_definitions') }} as definitions
    cross join {{ ref('channels') }} as channels
    left join outcomes on definitions.audience = outcomes.audience and channels.channel = outcomes.channel
    group by definitions.audience, channels.channel, definitions.purpose
)

select * from reach
