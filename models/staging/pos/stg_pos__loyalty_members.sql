-- One row per member of the loyalty programme, as last updated.
with source as (
    select
        *,
        {{ version_rank('pos', 'loyalty_members') }} as version_rank
    from {{ source('pos', 'loyalty_members') }}
    where {{ is_readable('pos', 'loyalty_members') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('loyalty_id') }} as loyalty_id,
        {{ try_to('text', 'email') }} as email,
        {{ try_to('text', 'phone') }} as phone,
        {{ try_to('text', 'first_name') }} as first_name,
        {{ try_to('text', 'last_name') }} as last_name,
        {{ try_to('text', 'tier') }} as tier,
        {{ try_to('date', 'birth_date') }} as birth_date,
        {{ try_to('timestamp', 'enrolled_at') }} as enrolled_at,
        {{ try_to('timestamp', 'updated_at') }} as updated_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
