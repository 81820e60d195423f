-- One row per interaction on a social platform.
with source as (
    select
        *,
        {{ version_rank('social', 'interactions') }} as version_rank
    from {{ source('social', 'interactions') }}
    where {{ is_readable('social', 'interactions') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('interaction_id') }} as interaction_id,
        {{ try_to('text', 'user_id') }} as user_id,
        {{ try_to('text', 'campaign_id') }} as campaign_id,
        {{ try_to('text', 'platform') }} as platform,
        {{ try_to('text', 'handle') }} as handle,
        {{ try_to('text', 'type') }} as interaction_type,
        {{ try_to('timestamp', 'occurred_at') }} as occurred_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
