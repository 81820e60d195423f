-- One row per decision of a steward about two identifiers, as last landed.
with source as (
    select
        *,
        {{ version_rank('steward', 'identity_overrides') }} as version_rank
    from {{ source('steward', 'identity_overrides') }}
    where {{ is_readable('steward', 'identity_overrides') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('override_id') }} as override_id,
        {{ try_to('text', 'action') }} as action,
        {{ try_to('text', 'id_type_a') }} as id_type_a,
        {{ try_to('text', 'id_value_a') }} as id_value_a,
        {{ try_to('text', 'id_type_b') }} as id_type_b,
        {{ try_to('text', 'id_value_b') }} as id_value_b,
        {{ try_to('text', 'reason') }} as reason,
        {{ try_to('text', 'author') }} as author,
        {{ try_to('timestamp', 'created_at') }} as created_at,
        {{ try_to('timestamp', 'revoked_at') }} as revoked_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
