-- One row per planned row of a run, with its outcome.
with source as (
    select
        run_id,
        profile_id,
        operation,
        outcome,
        code,
        row_number,
        decided_at
    from {{ source('onefolk', 'sync_results') }}
)

select * from source
