-- One row per pair of audiences that share members: how many, and what share of the first.
{{ config(access='public') }}

with members as (
    select audience, profile_id from {{ ref('audience_members') }}
),

-- People who are in the same audiences are counted once, as one group: a join of people would multiply them.
audience_groups as (
    select profile_id, {{ dbt.listagg('audience', "','", 'order by audience') }} as audiences
    from members
    group by profile_id
),

group_sizes as (
    select audiences, count(*) as profile_count, min(profile_id) as profile_id from audience_groups
    group by audiences
),

sized_audiences as (
    select members.audience, group_sizes.audiences, group_sizes.profile_count
    from group_sizes
    inner join members on group_sizes.profile_id = members.profile_id
),

sizes as (
    select audience, sum(profile_count) as member_count from sized_audiences
    group by audience
),

shared as (
    select
        own.audience,
        others.audience as other_audience,
        cast(sum(own.profile_count) as bigint) as shared_count
    from sized_audiences as own
    inner join sized_audiences as others on own.audiences = others.audiences and own.audience <> others.audience
    group by own.audience, others.audience
),

shared_shares as (
    select
        shared.audience,
        shared.other_audience,
        shared.shared_count,
        cast(1.0 * shared.shared_count / sizes.member_count as {{ dbt.type_numeric() }}) as shared_share
    from shared
    inner join sizes on shared.audience = sizes.audience
)

select * from shared_shares
