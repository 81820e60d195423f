-- One row per profile and period in one stage: anonymous, lead, opportunity, customer, repeat, lapsed, won_back.
{{ config(access='public') }}

-- A stage is never left for an earlier one, but for the last three, which take turns.
with ranked_triggers as (
    select
        *,
        case lifecycle_stage
            when 'anonymous' then 1
            when 'lead' then 2
            when 'opportunity' then 3
            when 'customer' then 4
            else 5
        end as stage_rank
    from {{ ref('lifecycle_triggers') }}
),

numbered_triggers as (
    select
        *,
        row_number() over (
            partition by profile_id
            order by occurred_at, stage_rank, lifecycle_stage, {{ byte_order('trigger_id') }}
        ) as trigger_number
    from ranked_triggers
),

furthest as (
    select
        *,
        max(stage_rank) over (
            partition by profile_id order by trigger_number rows between unbounded preceding and current row
        ) as furthest_rank
    from numbered_triggers
),

forward as (
    select
        *,
        lag(lifecycle_stage) over (partition by profile_id order by trigger_number) as previous_stage
    from furthest
    where stage_rank = furthest_rank
),

entries as (
    select
        *,
        lead(occurred_at) over (partition by profile_id order by trigger_number) as left_at
    from forward
    where previous_stage is null or previous_stage <> lifecycle_stage
),

profile_lifecycle as (
    select
        profile_id,
        trigger_id,
        cast(row_number() over (partition by profile_id order by trigger_number) as integer) as stage_number,
        lifecycle_stage,
        trigger_type,
        left_at is null as is_current,
        occurred_at as valid_from,
        left_at as valid_to
    from entries
)

select * from profile_lifecycle
