-- One row per statement, identifier that it was made by, purpose and channel: granted, refused, withdrawn, ran out.
with identified_records as (
    select
        record_source,
        record_id,
        identifier_key,
        identifier_type
    from {{ ref('identifier_observations') }}
    where record_source in ('stg_consent__records', 'stg_engagement__messages', 'stg_commerce__customers')
),

all_statements as (
    select
        'stg_consent__records' as record_source,
        records.record_id,
        identified.identifier_key,
        records.purpose,
        records.channel,
        records.said,
        records.is_grant,
        records.is_objection,
        records.stated_at,
        records.valid_until
    from {{ ref('record_statements') }} as records
    inner join identified_records as identified
        on identified.record_source = 'stg_consent__records' and records.record_id = identified.record_id
    where records.is_heard
    union all
    select
        'stg_engagement__message_events' as record_source,
        answers.record_id,
        identified.identifier_key,
        answers.purpose,
        answers.channel,
        answers.said,
        false as is_grant,
        true as is_objection,
        answers.stated_at,
        cast(null as timestamp) as valid_until
    from {{ ref('message_statements') }} as answers
    inner join identified_records as identified
        on
            identified.record_source = 'stg_engagement__messages'
            and answers.message_id = identified.record_id
            and coalesce(answers.identifier_type, identified.identifier_type) = identified.identifier_type
    union all
    select
        'stg_commerce__customers' as record_source,
        accounts.record_id,
        identified.identifier_key,
        accounts.purpose,
        'email' as channel,
        'granted' as said,
        true as is_grant,
        false as is_objection,
        accounts.stated_at,
        cast(null as timestamp) as valid_until
    from {{ ref('shop_statements') }} as accounts
    inner join identified_records as identified
        on
            identified.record_source = 'stg_commerce__customers'
            and accounts.record_id = identified.record_id
            and identified.identifier_type = 'email'
    {% for record_source, model in [
        ('stg_events__events', 'event_statements'), ('stg_onefolk__sync_results', 'delivery_statements'),
    ] %}
        union all
        select
            '{{ record_source }}' as record_source,
            record_id,
            identifier_key,
            purpose,
            channel,
            said,
            is_grant,
            is_objection,
            stated_at,
            cast(null as timestamp) as valid_until
        from {{ ref(model) }}
    {% endfor %}
),

statements as (
    select
        statements.record_source,
        statements.record_id,
        statements.identifier_key,
        statements.purpose,
        statements.channel,
        places.profile_id,
        statements.said,
        statements.is_grant,
        statements.is_objection,
        statements.stated_at,
        statements.valid_until,
        places.valid_from as belongs_since
    from all_statements as statements
    inner join {{ ref('identifier_history') }} as places
        on statements.identifier_key = places.identifier_key and places.is_current
)

select * from statements
