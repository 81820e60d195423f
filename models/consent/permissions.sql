-- One row per profile, purpose and channel on which something is known: whether it is allowed.
{{ config(access='public') }}

with purposes as (
    select purpose, legal_basis from {{ ref('purposes') }}
),

channels as (
    select channel from {{ ref('channels') }}
),

-- A statement without a purpose or a channel is about all of them.
expanded_statements as (
    select
        statements.record_source,
        statements.record_id,
        statements.profile_id,
        statements.identifier_key,
        purposes.purpose,
        channels.channel,
        purposes.legal_basis,
        statements.is_grant,
        statements.is_objection,
        statements.stated_at,
        statements.valid_until
    from {{ ref('consent_door') }} as statements
    inner join purposes on statements.purpose in (purposes.purpose, '*')
    inner join channels on statements.channel in (channels.channel, '*')
),

-- By one identifier the latest statement counts; at the same moment a withdrawal wins.
ranked_statements as (
    select
        *,
        row_number() over (
            partition by profile_id, identifier_key, purpose, channel
            order by
                stated_at desc,
                case when is_objection then 0 when is_grant then 2 else 1 end,
                {{ byte_order('record_source') }},
                {{ byte_order('record_id') }}
        ) as recency
    from expanded_statements
),

judged_statements as (
    select
        profile_id,
        purpose,
        channel,
        record_id,
        record_source,
        identifier_key,
        legal_basis,
        case
            when legal_basis = 'consent'
                then is_grant and stated_at <= {{ as_of() }} and coalesce(valid_until > {{ as_of() }}, true)
            else not is_objection
        end as is_allowed,
        stated_at,
        valid_until
    from ranked_statements
    where recency = 1
    union all
    -- What rests on a contract or a legitimate interest stands until the person objects.
    select
        customers.profile_id,
        purposes.purpose,
        channels.channel,
        cast(null as {{ dbt.type_string() }}) as record_id,
        cast(null as {{ dbt.type_string() }}) as record_source,
        cast(null as {{ dbt.type_string() }}) as identifier_key,
        purposes.legal_basis,
        true as is_allowed,
        cast(null as timestamp) as stated_at,
        cast(null as timestamp) as valid_until
    from {{ ref('customers') }} as customers
    cross join purposes
    cross join channels
    where purposes.legal_basis <> 'consent'
),

-- Where the identifiers of one person disagree, the stricter statement wins; any statement says more than silence.
ranked_judgements as (
    select
        *,
        row_number() over (
            partition by profile_id, purpose, channel
            order by
                case when is_allowed then 1 else 0 end,
                case when record_id is null then 1 else 0 end,
                stated_at desc,
                {{ byte_order('record_source') }},
                {{ byte_order('record_id') }},
                identifier_key
        ) as strictness
    from judged_statements
),

permissions as (
    select
        profile_id,
        purpose,
        channel,
        record_id,
        record_source,
        legal_basis,
        is_allowed,
        stated_at,
        valid_until
    from ranked_judgements
    where strictness = 1
)

select * from permissions
