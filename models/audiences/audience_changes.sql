-- One row per entry into or exit from an audience, and why.
{{ config(materialized='view', access='public') }}

with changes as (
    select
        audience,
        profile_id,
        generation,
        run_id,
        entry_type as change_type,
        cause,
        conditions,
        qualified_at,
        entered_at,
        occurred_at,
        row_number() over (
            partition by audience, profile_id, generation order by entered_at, {{ byte_order('entry_key') }}
        ) as place
    from {{ ref('audience_log') }}
    where entry_type in ('entered', 'left')
),

-- The memberships of ids that were merged end as the one that they had become.
told_changes as (
    select
        audience,
        profile_id,
        generation,
        run_id,
        change_type,
        cause,
        conditions,
        qualified_at,
        entered_at,
        occurred_at
    from changes
    where place = 1
)

select * from told_changes
