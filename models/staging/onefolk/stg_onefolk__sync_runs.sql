-- One row per run of a sync that ended.
with source as (
    select
        run_id,
        sync,
        connection,
        object,
        mode,
        purpose,
        channel,
        trigger,
        status,
        message,
        planned_count,
        wanted_count,
        as_of as cycle_at,
        started_at,
        ended_at
    from {{ source('onefolk', 'sync_runs') }}
)

select * from source
