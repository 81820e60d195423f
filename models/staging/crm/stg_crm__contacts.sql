-- One row per CRM contact, as last updated.
with source as (
    select
        *,
        {{ version_rank('crm', 'contacts') }} as version_rank
    from {{ source('crm', 'contacts') }}
    where {{ is_readable('crm', 'contacts') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('contact_id') }} as crm_contact_id,
        {{ scoped_id('account_id') }} as account_id,
        {{ scoped_id('owner_id') }} as owner_id,
        {{ try_to('text', 'first_name') }} as first_name,
        {{ try_to('text', 'last_name') }} as last_name,
        {{ try_to('text', 'email') }} as email,
        {{ try_to('text', 'phone') }} as phone,
        {{ try_to('text', 'mobile') }} as mobile,
        {{ try_to('text', 'gender') }} as gender,
        {{ try_to('text', 'language') }} as language,
        {{ try_to('text', 'street') }} as street,
        {{ try_to('text', 'city') }} as city,
        {{ try_to('text', 'postcode') }} as postcode,
        {{ try_to('text', 'country') }} as country,
        {{ try_to('text', 'lifecycle_stage') }} as lifecycle_stage,
        {{ try_to('text', 'lead_source') }} as lead_source,
        {{ try_to('boolean', 'is_deleted') }} as is_deleted,
        {{ try_to('date', 'birth_date') }} as birth_date,
        {{ try_to('timestamp', 'created_at') }} as created_at,
        {{ try_to('timestamp', 'updated_at') }} as updated_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
