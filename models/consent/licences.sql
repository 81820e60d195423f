-- One row per provider of second- or third-party data and purpose that a licence allows it for: whether it does now.
{{ config(access='public') }}

with licences as (
    select
        provider,
        purpose,
        coalesce(valid_from <= {{ as_of() }}, true) and coalesce(valid_until > {{ as_of() }}, true) as is_in_force,
        valid_from,
        valid_until
    from {{ ref('stg_partner__licences') }}
)

select * from licences
