-- One row per identifier: the profile it belongs to.
{{ config(access='public') }}

with assigned_profiles as (
    select
        identifier_key,
        profile_id,
        row_number() over (partition by identifier_key order by generation desc) as recency
    from {{ ref('identity_assignments') }}
),

identifiers as (
    select
        seen.identifier_key,
        assigned_profiles.profile_id,
        seen.identifier_type,
        seen.record_count,
        seen.is_known,
        seen.first_seen_at,
        seen.last_seen_at,
        seen.expires_at
    from {{ ref('seen_identifiers') }} as seen
    inner join assigned_profiles on seen.identifier_key = assigned_profiles.identifier_key
    where assigned_profiles.recency = 1 and assigned_profiles.profile_id is not null
)

select * from identifiers
