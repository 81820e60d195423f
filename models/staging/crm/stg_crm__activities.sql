-- One row per call, e-mail, meeting, note or SMS of a salesperson.
with source as (
    select
        *,
        {{ version_rank('crm', 'activities') }} as version_rank
    from {{ source('crm', 'activities') }}
    where {{ is_readable('crm', 'activities') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('activity_id') }} as activity_id,
        {{ scoped_id('contact_id') }} as crm_contact_id,
        {{ scoped_id('deal_id') }} as deal_id,
        {{ scoped_id('owner_id') }} as owner_id,
        {{ try_to('text', 'type') }} as activity_type,
        {{ try_to('text', 'direction') }} as direction,
        {{ try_to('text', 'subject') }} as subject,
        {{ try_to('text', 'outcome') }} as outcome,
        {{ try_to('integer', 'duration_s') }} as duration_s,
        {{ try_to('timestamp', 'occurred_at') }} as occurred_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
