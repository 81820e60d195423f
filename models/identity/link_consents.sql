-- One row per identifier and purpose of third-party data: whether the last word about it is yes, and until when.
with purposes as (
    select distinct third_party_purpose as purpose from {{ ref('identifier_types') }}
    where third_party_purpose is not null
),

stated_by_records as (
    select
        'stg_consent__records' as record_source,
        consent_id as record_id,
        purpose,
        coalesce(lower(consent_status) = 'granted', false) as is_grant,
        coalesce(collected_at, loaded_at) as stated_at,
        valid_until
    from {{ ref('stg_consent__records') }}
),

stated_by_requests as (
    select
        'stg_privacy__requests' as record_source,
        request_id as record_id,
        cast(null as {{ dbt.type_string() }}) as purpose,
        false as is_grant,
        coalesce(received_at, loaded_at) as stated_at,
        cast(null as timestamp) as valid_until
    from {{ ref('stg_privacy__requests') }}
    where lower(request_type) in ('objection', 'erasure')
),

all_statements as (
    select * from stated_by_records
    union all
    select * from stated_by_requests
),

-- A statement without a purpose is about all; at the same moment a no wins over a yes.
ranked_statements as (
    select
        observations.identifier_key,
        purposes.purpose,
        statements.is_grant,
        statements.stated_at,
        statements.valid_until,
        row_number() over (
            partition by observations.identifier_key, purposes.purpose
            order by
                statements.stated_at desc,
                case when statements.is_grant then 1 else 0 end,
                {{ byte_order('statements.record_id') }}
        ) as recency
    from all_statements as statements
    inner join purposes on coalesce(statements.purpose, purposes.purpose) = purposes.purpose
    inner join {{ ref('identifier_observations') }} as observations
        on statements.record_source = observations.record_source and statements.record_id = observations.record_id
    where
        observations.rejected_reason is null
        -- A grant dated ahead is none yet; a refusal dated ahead is not waited for.
        and not (statements.is_grant and statements.stated_at > {{ as_of() }})
),

last_words as (
    select
        identifier_key,
        purpose,
        is_grant and coalesce(valid_until > {{ as_of() }}, true) as is_granted,
        stated_at,
        valid_until
    from ranked_statements
    where recency = 1
)

select * from last_words
