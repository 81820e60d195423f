-- One row per profile and field of the golden record: where its value comes from, never the value.
{{ config(access='public') }}

with profile_fields as (
    select
        profile_id,
        sample_record_id,
        field,
        record_source,
        data_party,
        strategy,
        validity,
        cast(value_record_count as integer) as record_count,
        cast(value_count - 1 as integer) as disagreeing_value_count,
        value_first_seen_at as first_seen_at,
        value_last_seen_at as last_seen_at
    from {{ ref('surviving_values') }}
    where preference = 1
)

select * from profile_fields
