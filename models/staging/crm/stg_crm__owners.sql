-- One row per salesperson, as last landed.
with source as (
    select
        *,
        {{ version_rank('crm', 'owners') }} as version_rank
    from {{ source('crm', 'owners') }}
    where {{ is_readable('crm', 'owners') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('owner_id') }} as owner_id,
        {{ try_to('text', 'name') }} as owner_name,
        {{ try_to('text', 'team') }} as team,
        {{ try_to('text', 'email') }} as email,
        {{ try_to('boolean', 'is_active') }} as is_active,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
