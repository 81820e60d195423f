-- One row per profile id ever minted: what became of it.
{{ config(access='public', materialized='incremental', unique_key='profile_id') }}

with changed_profiles as (
    select profile_id from {{ ref('profile_sizes') }}
    where recency = 1 and generation > {{ last_version(this, 'generation', ref('identity_assignments')) }}
),

sizes as (
    select sizes.* from {{ ref('profile_sizes') }} as sizes
    inner join changed_profiles on sizes.profile_id = changed_profiles.profile_id
),

-- Who took over a profile that ended: the one that got the identifier it was minted for, else most of its identifiers.
successors as (
    select
        moves.from_profile_id as profile_id,
        moves.to_profile_id,
        row_number() over (
            partition by moves.from_profile_id
            order by moves.anchor_count desc, moves.identifier_count desc, moves.to_profile_id asc
        ) as successor_rank
    from {{ ref('profile_moves') }} as moves
    inner join sizes
        on moves.from_profile_id = sizes.profile_id and moves.generation = sizes.generation and sizes.recency = 1
    where sizes.size_after = 0 and moves.to_profile_id <> ''
),

profile_ids as (
    select
        first_sizes.profile_id,
        successors.to_profile_id as merged_into_profile_id,
        case
            when last_sizes.size_after > 0 then 'active'
            when successors.to_profile_id is not null then 'merged'
            else 'retired'
        end as status,
        last_sizes.generation,
        first_sizes.occurred_at as minted_at,
        case when last_sizes.size_after = 0 then last_sizes.occurred_at end as ended_at
    from sizes as first_sizes
    inner join sizes as last_sizes on first_sizes.profile_id = last_sizes.profile_id and last_sizes.recency = 1
    left join successors on first_sizes.profile_id = successors.profile_id and successors.successor_rank = 1
    where first_sizes.ordinal = 1
)

select * from profile_ids
