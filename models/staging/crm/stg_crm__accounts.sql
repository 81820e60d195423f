-- One row per company that contacts belong to, as last updated.
with source as (
    select
        *,
        {{ version_rank('crm', 'accounts') }} as version_rank
    from {{ source('crm', 'accounts') }}
    where {{ is_readable('crm', 'accounts') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('account_id') }} as account_id,
        {{ scoped_id('parent_account_id') }} as parent_account_id,
        {{ scoped_id('owner_id') }} as owner_id,
        {{ try_to('text', 'name') }} as account_name,
        {{ try_to('text', 'domain') }} as domain,
        {{ try_to('text', 'industry') }} as industry,
        {{ try_to('text', 'country') }} as country,
        {{ try_to('integer', 'employees') }} as employees,
        {{ try_to('timestamp', 'created_at') }} as created_at,
        {{ try_to('timestamp', 'updated_at') }} as updated_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
