-- One row per run of a sync and column of personal data that it sent.
with source as (
    select
        run_id,
        column_name,
        field,
        personal_data
    from {{ source('onefolk', 'sync_fields') }}
)

select * from source
