-- One row per change of who is who: ids minted, merged, split, restored, moved, retired, and why.
{{ config(access='public', materialized='incremental', incremental_strategy='append') }}

with sizes as (
    select profile_id, generation, ordinal, size_before, size_after from {{ ref('profile_sizes') }}
),

placed_moves as (
    select
        moves.*,
        coalesce(from_sizes.size_after = 0, false) as has_ended,
        coalesce(to_sizes.size_before = 0, false) as has_begun,
        coalesce(to_sizes.ordinal = 1, false) as is_minted,
        coalesce(to_sizes.size_after, 0) as to_size,
        row_number() over (
            partition by moves.generation, moves.from_profile_id
            order by
                case when moves.to_profile_id = '' then 1 else 0 end asc,
                moves.anchor_count desc,
                moves.identifier_count desc,
                moves.to_profile_id asc
        ) as successor_rank,
        row_number() over (
            partition by moves.generation, moves.to_profile_id order by moves.from_profile_id
        ) as origin_rank
    from {{ ref('profile_moves') }} as moves
    left join sizes as from_sizes
        on moves.from_profile_id = from_sizes.profile_id and moves.generation = from_sizes.generation
    left join sizes as to_sizes
        on moves.to_profile_id = to_sizes.profile_id and moves.generation = to_sizes.generation
    where moves.generation > {{ last_version(this, 'generation', ref('identity_assignments')) }}
),

changes_between_profiles as (
    select
        case
            when cause in ('steward_link', 'forced_split') then 'forced'
            when has_begun and not is_minted then 'restored'
            when has_ended and successor_rank = 1 then 'merged'
            when has_begun or has_ended then 'split'
            else 'moved'
        end as event_type,
        *
    from placed_moves
    where from_profile_id <> '' and to_profile_id <> ''
),

all_changes as (
    select
        event_type,
        from_profile_id,
        to_profile_id,
        run_id,
        cause_key_a,
        cause_key_b,
        cause,
        generation,
        identifier_count,
        occurred_at
    from changes_between_profiles
    union all
    select
        'minted' as event_type,
        '' as from_profile_id,
        to_profile_id,
        run_id,
        cast(null as {{ dbt.type_string() }}) as cause_key_a,
        cast(null as {{ dbt.type_string() }}) as cause_key_b,
        'first_seen' as cause,
        generation,
        to_size as identifier_count,
        occurred_at
    from placed_moves
    where is_minted and origin_rank = 1
    union all
    select
        'retired' as event_type,
        from_profile_id,
        '' as to_profile_id,
        run_id,
        cause_key_a,
        cause_key_b,
        cause,
        generation,
        identifier_count,
        occurred_at
    from placed_moves
    where has_ended and successor_rank = 1 and to_profile_id = ''
),

events as (
    select
        {{ dbt.hash(
            "cast(generation as " ~ dbt.type_string() ~ ") || event_type || '|' || from_profile_id || '|' || to_profile_id"
        ) }} as event_id,
        nullif(from_profile_id, '') as from_profile_id,
        nullif(to_profile_id, '') as to_profile_id,
        run_id,
        cause_key_a,
        cause_key_b,
        event_type,
        cause,
        generation,
        cast(identifier_count as bigint) as identifier_count,
        occurred_at
    from all_changes
)

select * from events
