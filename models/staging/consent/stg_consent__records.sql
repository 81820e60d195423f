-- One row per statement of consent, as last landed.
with source as (
    select
        *,
        {{ version_rank('consent', 'records') }} as version_rank
    from {{ source('consent', 'records') }}
    where {{ is_readable('consent', 'records') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('consent_id') }} as consent_id,
        {{ try_to('text', 'id_type') }} as id_type,
        {{ try_to('text', 'id_value') }} as id_value,
        {{ try_to('text', 'purpose') }} as purpose,
        {{ try_to('text', 'channel') }} as channel,
        {{ try_to('text', 'legal_basis') }} as legal_basis,
        {{ try_to('text', 'status') }} as consent_status,
        {{ try_to('text', 'jurisdiction') }} as jurisdiction,
        {{ try_to('text', 'policy_version') }} as policy_version,
        {{ try_to('text', 'source') }} as consent_source,
        {{ try_to('timestamp', 'collected_at') }} as collected_at,
        {{ try_to('timestamp', 'valid_until') }} as valid_until,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
