-- One row per statement of a person, by one identifier, about what may be done: granted, refused, withdrawn, objected.
with observed_identifiers as (
    select
        observations.record_source,
        observations.record_id,
        observations.identifier_key,
        observations.identifier_type,
        identifiers.profile_id
    from {{ ref('identifier_observations') }} as observations
    inner join {{ ref('identifiers') }} as identifiers on observations.identifier_key = identifiers.identifier_key
),

consent_records as (
    select
        'stg_consent__records' as record_source,
        consent_id as record_id,
        'stg_consent__records' as identified_by,
        consent_id as identified_by_id,
        cast(null as {{ dbt.type_string() }}) as identifier_type,
        purpose,
        channel,
        coalesce(lower(consent_status) = 'granted', false) as is_grant,
        -- A consent that ran out is no objection: it ends what stands on consent and nothing else.
        coalesce(lower(consent_status) in ('denied', 'revoked'), false) as is_objection,
        coalesce(collected_at, loaded_at) as stated_at,
        valid_until
    from {{ ref('stg_consent__records') }}
),

unsubscribes as (
    select
        'stg_engagement__message_events' as record_source,
        message_events.event_id as record_id,
        'stg_engagement__messages' as identified_by,
        message_events.message_id as identified_by_id,
        case when messages.message_channel = 'email' then 'email' when messages.message_channel = 'sms' then 'phone' end
            as identifier_type,
        purposes.purpose,
        messages.message_channel as channel,
        false as is_grant,
        true as is_objection,
        coalesce(message_events.occurred_at, message_events.loaded_at) as stated_at,
        cast(null as timestamp) as valid_until
    from {{ ref('stg_engagement__message_events') }} as message_events
    inner join {{ ref('stg_engagement__messages') }} as messages on message_events.message_id = messages.message_id
    cross join {{ ref('purposes') }} as purposes
    where
        lower(message_events.message_event_type) in ('unsubscribed', 'complained')
        and purposes.is_ended_by_unsubscribe
),

objections as (
    select
        'stg_privacy__requests' as record_source,
        request_id as record_id,
        'stg_privacy__requests' as identified_by,
        request_id as identified_by_id,
        cast(null as {{ dbt.type_string() }}) as identifier_type,
        cast(null as {{ dbt.type_string() }}) as purpose,
        cast(null as {{ dbt.type_string() }}) as channel,
        false as is_grant,
        true as is_objection,
        coalesce(received_at, loaded_at) as stated_at,
        cast(null as timestamp) as valid_until
    from {{ ref('stg_privacy__requests') }}
    where lower(request_type) in ('objection', 'erasure')
),

all_statements as (
    select * from consent_records
    union all
    select * from unsubscribes
    union all
    select * from objections
),

statements as (
    select
        statements.record_source,
        statements.record_id,
        observed.profile_id,
        observed.identifier_key,
        coalesce(statements.purpose, '*') as purpose,
        coalesce(statements.channel, '*') as channel,
        statements.is_grant,
        statements.is_objection,
        statements.stated_at,
        statements.valid_until
    from all_statements as statements
    inner join observed_identifiers as observed
        on
            statements.identified_by = observed.record_source
            and statements.identified_by_id = observed.record_id
            and coalesce(statements.identifier_type, observed.identifier_type) = observed.identifier_type
)

select * from statements
