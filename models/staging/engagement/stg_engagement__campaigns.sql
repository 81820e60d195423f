-- One row per campaign, as last landed.
with source as (
    select
        *,
        {{ version_rank('engagement', 'campaigns') }} as version_rank
    from {{ source('engagement', 'campaigns') }}
    where {{ is_readable('engagement', 'campaigns') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('campaign_id') }} as campaign_id,
        {{ try_to('text', 'name') }} as campaign_name,
        {{ try_to('text', 'channel') }} as campaign_channel,
        {{ try_to('timestamp', 'started_at') }} as started_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
