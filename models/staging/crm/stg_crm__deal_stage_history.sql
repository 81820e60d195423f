-- One row per change of the stage of a deal.
with source as (
    select
        *,
        {{ version_rank('crm', 'deal_stage_history') }} as version_rank
    from {{ source('crm', 'deal_stage_history') }}
    where {{ is_readable('crm', 'deal_stage_history') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('deal_id') }} as deal_id,
        {{ try_to('text', 'from_stage') }} as from_stage,
        {{ try_to('text', 'to_stage') }} as to_stage,
        {{ try_to('timestamp', 'changed_at') }} as changed_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
