-- One row per run of a sync and column of personal data: of how many people it left, to where, when.
{{ config(materialized='view', access='public') }}

with people_sent as (
    select
        run_id,
        count(*) as row_count,
        count(distinct profile_id) as people_count
    from {{ ref('stg_onefolk__sync_results') }}
    where operation in ('add', 'change') and outcome in ('ok', 'ambiguous')
    group by run_id
),

egress as (
    select
        runs.run_id,
        fields.column_name,
        runs.sync,
        runs.connection,
        runs.object,
        runs.purpose,
        fields.field,
        fields.personal_data,
        people_sent.row_count,
        people_sent.people_count,
        runs.ended_at as sent_at
    from {{ ref('stg_onefolk__sync_fields') }} as fields
    inner join {{ ref('stg_onefolk__sync_runs') }} as runs on fields.run_id = runs.run_id
    inner join people_sent on fields.run_id = people_sent.run_id
)

select * from egress
