-- One row per identifier: the profile it belongs to.
{{ config(access='public') }}

with assigned_profiles as (
    {{ last_assignments(ref('identity_assignments')) }}
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
)

select * from identifiers
