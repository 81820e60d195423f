-- One row per profile in the loyalty programme: its newest card.
with cards as (
    select
        door.profile_id,
        members.tier as loyalty_tier,
        members.enrolled_at as loyalty_enrolled_at,
        row_number() over (
            partition by door.profile_id
            order by
                coalesce(members.updated_at, members.enrolled_at, members.loaded_at) desc,
                {{ byte_order('members.loyalty_id') }}
        ) as recency
    from {{ ref('stg_pos__loyalty_members') }} as members
    inner join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_pos__loyalty_members' and members.loyalty_id = door.record_id
),

traits as (
    select profile_id, loyalty_tier, loyalty_enrolled_at from cards
    where recency = 1
)

select * from traits
