-- One row per interaction on a social network.
{{ config(access='public') }}

with interactions as (
    select
        interactions.interaction_id,
        door.profile_id,
        door.identifier_key,
        interactions.campaign_id,
        interactions.platform,
        interactions.interaction_type,
        coalesce(interactions.occurred_at, interactions.loaded_at) as occurred_at
    from {{ ref('stg_social__interactions') }} as interactions
    left join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_social__interactions' and interactions.interaction_id = door.record_id
)

select * from interactions
