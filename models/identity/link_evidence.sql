-- One row per pair of identifiers and rule that would link them: the evidence, not yet judged.
{{ config(materialized='view') }}

with links_of_records as (
    select
        identifier_key_a,
        identifier_key_b,
        link_rule,
        rejected_reason,
        first_source,
        sample_record,
        source_count,
        evidence_count,
        confidence,
        first_seen_at,
        last_seen_at,
        loaded_at
    from {{ ref('record_evidence') }}
    where evidence_count > 0
),

mailboxes as (
    select distinct
        forms.identifier_key,
        forms.mailbox_key,
        seen.first_seen_at,
        seen.last_seen_at
    from {{ ref('identifier_forms') }} as forms
    inner join {{ ref('seen_identifiers') }} as seen on forms.identifier_key = seen.identifier_key
    where forms.mailbox_key is not null
),

shared_mailboxes as (
    select mailbox_key, min(identifier_key) as anchor_key
    from mailboxes
    group by mailbox_key
    having count(*) > 1
),

links_of_mailboxes as (
    select
        least(shared_mailboxes.anchor_key, mailboxes.identifier_key) as identifier_key_a,
        greatest(shared_mailboxes.anchor_key, mailboxes.identifier_key) as identifier_key_b,
        'same_mailbox' as link_rule,
        cast(null as {{ dbt.type_string() }}) as rejected_reason,
        cast(null as {{ dbt.type_string() }}) as first_source,
        cast(null as {{ dbt.type_string() }}) as sample_record,
        0 as source_count,
        1 as evidence_count,
        cast(null as numeric(28, 6)) as confidence,
        mailboxes.first_seen_at,
        mailboxes.last_seen_at,
        mailboxes.first_seen_at as loaded_at
    from shared_mailboxes
    inner join mailboxes
        on
            shared_mailboxes.mailbox_key = mailboxes.mailbox_key
            and shared_mailboxes.anchor_key <> mailboxes.identifier_key
),

links_of_stewards as (
    select
        least(identifier_key_a, identifier_key_b) as identifier_key_a,
        greatest(identifier_key_a, identifier_key_b) as identifier_key_b,
        'steward_link' as link_rule,
        cast(null as {{ dbt.type_string() }}) as rejected_reason,
        'stg_steward__identity_overrides' as first_source,
        'stg_steward__identity_overrides/' || override_id as sample_record,
        1 as source_count,
        1 as evidence_count,
        cast(null as numeric(28, 6)) as confidence,
        decided_at as first_seen_at,
        decided_at as last_seen_at,
        loaded_at
    from {{ ref('identity_overrides') }}
    where action = 'force_link' and is_latest and identifier_key_a <> identifier_key_b
),

all_links as (
    select * from links_of_records
    union all
    select * from links_of_mailboxes
    union all
    select * from links_of_stewards
)

select * from all_links
