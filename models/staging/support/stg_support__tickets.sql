-- One row per support ticket, as last landed.
with source as (
    select
        *,
        {{ version_rank('support', 'tickets') }} as version_rank
    from {{ source('support', 'tickets') }}
    where {{ is_readable('support', 'tickets') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('ticket_id') }} as ticket_id,
        {{ scoped_id('contact_id') }} as crm_contact_id,
        {{ try_to('text', 'requester_email') }} as requester_email,
        {{ try_to('text', 'channel') }} as ticket_channel,
        {{ try_to('text', 'category') }} as category,
        {{ try_to('text', 'priority') }} as priority,
        {{ try_to('text', 'status') }} as ticket_status,
        {{ try_to('text', 'subject') }} as subject,
        {{ try_to('text', 'body') }} as body,
        {{ try_to('text', 'resolution') }} as resolution,
        {{ try_to('integer', 'csat_score') }} as csat_score,
        {{ try_to('timestamp', 'opened_at') }} as opened_at,
        {{ try_to('timestamp', 'first_reply_at') }} as first_reply_at,
        {{ try_to('timestamp', 'solved_at') }} as solved_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
