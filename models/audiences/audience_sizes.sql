-- One row per audience and run in which its members, candidates or guard changed: how large it was from then on.
{{ config(materialized='view', access='public') }}

with sizes as (
    select
        audience,
        generation,
        run_id,
        definition,
        reasons,
        member_count,
        member_count - lag(member_count) over (partition by audience order by generation) as member_change_count,
        candidate_count,
        entered_count,
        left_count,
        is_open,
        is_overridden,
        occurred_at as measured_at
    from {{ ref('audience_log') }}
    where entry_type = 'guard'
)

select * from sizes
