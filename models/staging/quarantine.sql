-- One row per landed row that can't be used, with every reason.
{{ config(materialized='view') }}

with reasons as (
    select
        *,
        concat_ws(
            '; ', reason, case when awaited_at > {{ skewed(as_of()) }} then 'occurred after the clock' end
        ) as every_reason
    from {{ ref('unreadable_rows') }}
    where source_name <> ''
),

quarantined as (
    select
        source_name,
        table_name,
        row_key,
        every_reason as reason,
        row_text,
        source_file,
        source_instance,
        source_row,
        loaded_at
    from reasons
    where every_reason <> ''
)

select * from quarantined
