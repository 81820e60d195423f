-- One row per planned row of a run: the person, and its one outcome.
{{ config(materialized='view', access='public') }}

with results as (
    select
        results.run_id,
        results.row_number,
        results.profile_id,
        runs.sync,
        runs.purpose,
        runs.channel,
        results.operation,
        results.outcome,
        results.code,
        results.decided_at
    from {{ ref('stg_onefolk__sync_results') }} as results
    inner join {{ ref('stg_onefolk__sync_runs') }} as runs on results.run_id = runs.run_id
)

select * from results
