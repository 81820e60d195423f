-- Fails if a run that was done has another number of outcomes than of planned rows.
with runs as (
    select
        run_id,
        planned_count,
        ok_count + noop_count + invalid_count + rejected_count + suppressed_count + held_out_count + capped_count
        + ambiguous_count + superseded_count + deferred_count as outcome_count
    from {{ ref('sync_runs') }}
    where status in ('done', 'stopped', 'guarded')
)

select * from runs
where planned_count <> outcome_count
