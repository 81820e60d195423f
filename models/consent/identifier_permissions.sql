-- One row per profile, identifier, purpose and channel that the identifier said something about: its last word.
-- A statement about every purpose or channel is one about each of them.
with expanded_statements as (
    select
        statements.record_source,
        statements.record_id,
        statements.identifier_key,
        statements.profile_id,
        purposes.purpose,
        channels.channel,
        purposes.legal_basis,
        statements.said,
        statements.is_grant,
        statements.is_objection,
        statements.is_grant and coalesce(statements.stated_at > {{ as_of() }}, false) as is_early,
        statements.is_grant
        and coalesce(statements.stated_at <= {{ as_of() }}, true)
        and coalesce(statements.valid_until > {{ as_of() }}, true) as is_in_force,
        statements.stated_at,
        statements.valid_until,
        statements.belongs_since
    from {{ ref('consent_door') }} as statements
    inner join {{ ref('purposes') }} as purposes on statements.purpose in (purposes.purpose, '*')
    inner join {{ ref('channels') }} as channels on statements.channel in (channels.channel, '*')
),

dated_statements as (
    select
        *,
        max(case when not is_objection and not is_early and not is_in_force then stated_at end)
            over (partition by profile_id, identifier_key, purpose, channel) as ended_at
    from expanded_statements
),

-- What stands without consent ends by a no, and a no by a yes in force; a consent that ran out ends that yes again.
heard_statements as (
    select * from dated_statements
    where
        legal_basis = 'consent'
        or is_objection
        or (is_in_force and coalesce(stated_at > ended_at, ended_at is null))
),

-- The last word counts, at the same moment the stricter; a yes dated ahead is none yet, a no dated ahead is one now.
ranked_statements as (
    select
        *,
        row_number() over (
            partition by profile_id, identifier_key, purpose, channel
            order by
                is_early,
                case when stated_at is null then 1 else 0 end,
                stated_at desc,
                case when is_objection then 0 when not is_grant then 1 when not is_in_force then 2 else 3 end,
                {{ byte_order('record_source') }},
                {{ byte_order('record_id') }}
        ) as recency,
        row_number() over (
            partition by profile_id, identifier_key, purpose, channel, record_source
            order by
                is_early asc,
                case when stated_at is null then 1 else 0 end asc,
                stated_at desc,
                case when is_in_force then 1 else 0 end asc
        ) as recency_in_source
    from heard_statements
),

agreements as (
    select
        *,
        max(
            case
                when record_source = 'stg_consent__records' and recency_in_source = 1 and is_in_force then stated_at
            end
        ) over (partition by profile_id, identifier_key, purpose, channel) as agreed_at
    from ranked_statements
),

last_words as (
    select
        profile_id,
        identifier_key,
        purpose,
        channel,
        record_source,
        record_id,
        legal_basis,
        case
            when is_in_force then 'granted'
            when is_early then 'not_yet_valid'
            when is_grant then 'ran_out'
            else said
        end as reason,
        is_in_force as is_allowed,
        stated_at,
        valid_until,
        agreed_at,
        belongs_since,
        -- What is said by an identifier that was the person's already is said by the person.
        max(case when not is_early and stated_at >= belongs_since then stated_at end)
            over (partition by profile_id, purpose, channel) as person_said_at
    from agreements
    where recency = 1
),

-- It replaces what was said before by identifiers that were theirs by then.
identifier_permissions as (
    select
        *,
        coalesce(
            person_said_at >= belongs_since and coalesce(person_said_at > stated_at, true), false
        ) as is_replaced
    from last_words
)

select * from identifier_permissions
