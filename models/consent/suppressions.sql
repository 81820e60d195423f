-- One row per objection or erasure request and identifier of who made it, by its key: the list of who is left alone.
{{ config(
    materialized='incremental', full_refresh=false, on_schema_change='append_new_columns', incremental_strategy='append'
) }}
{% do refuse_earlier_clock(this, 'suppressed_at') %}

with log_rows as (
    {{ rows_so_far(this, {
        'request_id': dbt.type_string(), 'identifier_key': dbt.type_string(), 'reason': dbt.type_string(),
    }) }}
),

-- Whether the request is verified is not waited for: who leaves somebody alone in vain has done no harm.
requests as (
    select
        request_id,
        case lower(request_type) when 'objection' then 'objected' when 'erasure' then 'erasure_requested' end as reason,
        least(coalesce(received_at, loaded_at), {{ as_of() }}) as requested_at
    from {{ ref('stg_privacy__requests') }}
    where lower(request_type) in ('objection', 'erasure')
),

unread_requests as (
    select
        requests.request_id,
        observations.identifier_key,
        observations.identifier_type,
        requests.reason,
        requests.requested_at
    from requests
    inner join {{ ref('identifier_observations') }} as observations
        on observations.record_source = 'stg_privacy__requests' and requests.request_id = observations.record_id
    left join log_rows
        on
            requests.request_id = log_rows.request_id
            and observations.identifier_key = log_rows.identifier_key
            and requests.reason = log_rows.reason
    where log_rows.request_id is null
),

-- What names the person as well; cards, devices and cookies pass from hand to hand, and count where they are named.
identifiers_of_person as (
    select
        unread.request_id,
        others.identifier_key,
        others.identifier_type,
        unread.reason,
        false as is_named,
        unread.requested_at
    from unread_requests as unread
    inner join {{ ref('identifiers') }} as named on unread.identifier_key = named.identifier_key
    inner join {{ ref('identifiers') }} as others
        on named.profile_id = others.profile_id and named.identifier_key <> others.identifier_key
    left join log_rows
        on
            unread.request_id = log_rows.request_id
            and others.identifier_key = log_rows.identifier_key
            and unread.reason = log_rows.reason
    where others.is_known and log_rows.request_id is null
    union all
    select
        request_id,
        identifier_key,
        identifier_type,
        reason,
        true as is_named,
        requested_at
    from unread_requests
),

suppressions as (
    select
        request_id,
        identifier_key,
        identifier_type,
        reason,
        is_named,
        requested_at,
        {{ as_of() }} as suppressed_at
    from identifiers_of_person
)

select * from suppressions
