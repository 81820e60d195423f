-- One row per run of a sync that ended: what it planned, and how many rows ended how.
{{ config(access='public') }}
{%- set outcomes = [
    'ok', 'noop', 'invalid', 'rejected', 'suppressed', 'held_out', 'capped', 'ambiguous', 'superseded', 'deferred',
] %}

with outcome_counts as (
    select
        run_id,
        {% for outcome in outcomes %}
            cast(sum(case when outcome = '{{ outcome }}' then 1 else 0 end) as bigint) as {{ outcome }}_count,
        {% endfor %}
        count(*) as result_count
    from {{ ref('stg_onefolk__sync_results') }}
    group by run_id
),

runs as (
    select
        runs.run_id,
        runs.sync,
        runs.connection,
        runs.object,
        runs.mode,
        runs.purpose,
        runs.channel,
        runs.trigger,
        runs.status,
        runs.message,
        runs.planned_count,
        runs.wanted_count,
        {% for outcome in outcomes %}
            coalesce(outcome_counts.{{ outcome }}_count, 0) as {{ outcome }}_count,
        {% endfor %}
        runs.cycle_at,
        runs.started_at,
        runs.ended_at
    from {{ ref('stg_onefolk__sync_runs') }} as runs
    left join outcome_counts on runs.run_id = outcome_counts.run_id
)

select * from runs
