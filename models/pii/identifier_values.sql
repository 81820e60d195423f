-- One row per identifier: the value behind its key.
{{ config(access='public', grants=readers()) }}

with values_found as (
    select
        identifier_key,
        identifier_type,
        identifier_value,
        count(*) as raw_form_count,
        {{ dbt.listagg("raw_value", "' | '", "order by " ~ byte_order("raw_value"), 10) }} as raw_forms
    from {{ ref('identifier_forms') }}
    where identifier_key is not null
    group by identifier_key, identifier_type, identifier_value
),

values_typed as (
    select
        identifier_key,
        identifier_type,
        identifier_value,
        raw_forms,
        cast(raw_form_count as integer) as raw_form_count
    from values_found
)

select * from values_typed
