-- One row per identifier: the profile it belongs to.
{{ config(access='public') }}

with usable_identifiers as (
    select
        identifier_key,
        identifier_type,
        count(*) as record_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from {{ ref('identifier_observations') }}
    where rejected_reason is null
    group by identifier_key, identifier_type
),

placed_identifiers as (
    select
        usable_identifiers.*,
        coalesce(components.component_key, usable_identifiers.identifier_key) as component_key
    from usable_identifiers
    left join {{ ref('identity_components') }} as components on usable_identifiers.identifier_key = components.node_key
),

-- The identifier seen first anchors the profile: newcomers arrive later, so they seldom change its id.
anchored_identifiers as (
    select
        *,
        first_value(identifier_key) over (
            partition by component_key order by first_seen_at, identifier_key
        ) as anchor_key
    from placed_identifiers
),

identifiers as (
    select
        anchored.identifier_key,
        {{ dbt.hash("'profile|' || anchored.anchor_key") }} as profile_id,
        anchored.identifier_type,
        cast(anchored.record_count as bigint) as record_count,
        types.is_known,
        anchored.first_seen_at,
        anchored.last_seen_at
    from anchored_identifiers as anchored
    inner join {{ ref('identifier_types') }} as types on anchored.identifier_type = types.identifier_type
)

select * from identifiers
