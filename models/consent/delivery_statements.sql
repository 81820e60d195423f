-- One row per delivered row that was answered with an opt-out or a bounce, identifier of the person and ended purpose.
with answers as (
    select
        results.run_id || '|' || cast(results.row_number as {{ dbt.type_string() }}) as record_id,
        results.profile_id,
        runs.channel,
        case when results.code = 'opted_out' then 'unsubscribed' else 'bounced' end as said,
        results.decided_at as stated_at
    from {{ ref('stg_onefolk__sync_results') }} as results
    inner join {{ ref('stg_onefolk__sync_runs') }} as runs on results.run_id = runs.run_id
    where
        -- The numbers are of mail servers: no such mailbox, domain or address, or one that is closed (RFC 3463, 7505).
        results.code in (
            'opted_out', 'bounced', '5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1'
        )
        and results.profile_id is not null
        and runs.channel is not null
),

purposes as (
    select purpose, is_ended_by_unsubscribe from {{ ref('purposes') }}
),

-- The address that was written to is not told, so it is about every address of that kind that the person has.
delivery_statements as (
    select
        answers.record_id,
        identifiers.identifier_key,
        purposes.purpose,
        answers.channel,
        answers.said,
        false as is_grant,
        true as is_objection,
        answers.stated_at
    from answers
    inner join {{ ref('profile_id_map') }} as ids on answers.profile_id = ids.profile_id
    inner join {{ ref('channels') }} as channels on answers.channel = channels.channel
    inner join {{ ref('identifiers') }} as identifiers
        on ids.live_profile_id = identifiers.profile_id and channels.contact_type = identifiers.identifier_type
    inner join purposes on answers.said = 'bounced' or purposes.is_ended_by_unsubscribe
)

select * from delivery_statements
