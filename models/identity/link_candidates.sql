-- One row per pair of identifiers and rule that would link them, with the reason where it must not.
{%- set link_rule_of_party -%}
    case when observations.data_party = 'first' then 'same_record' else 'third_party_record' end
{%- endset %}

with observations as (
    select * from {{ ref('identifier_observations') }}
),

-- A star from the strongest identifier of a record: k - 1 links, never all pairs.
links_of_records as (
    select
        record_identifiers.identifier_key as anchor_key,
        observations.identifier_key as other_key,
        {{ link_rule_of_party }} as link_rule,
        max(observations.rejected_reason) as rejected_reason,
        min({{ byte_order('observations.record_source') }}) as first_source,
        count(distinct observations.record_source) as source_count,
        count(*) as evidence_count,
        min({{ byte_order("observations.record_source || '/' || observations.record_id") }}) as sample_record,
        min(observations.first_seen_at) as first_seen_at,
        max(observations.last_seen_at) as last_seen_at
    from {{ ref('record_identifiers') }} as record_identifiers
    inner join observations
        on
            record_identifiers.record_source = observations.record_source
            and record_identifiers.record_id = observations.record_id
            and record_identifiers.identifier_key <> observations.identifier_key
    group by record_identifiers.identifier_key, observations.identifier_key, {{ link_rule_of_party }}
),

seen_identifiers as (
    select
        identifier_key,
        identifier_type,
        max(case when data_party = 'first' then 1 else 0 end) as is_first_party,
        min({{ byte_order('record_source') }}) as first_source,
        count(distinct record_source) as source_count,
        count(*) as evidence_count,
        min({{ byte_order("record_source || '/' || record_id") }}) as sample_record,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from observations
    group by identifier_key, identifier_type
),

mailboxes as (
    select distinct identifier_key, mailbox_key
    from {{ ref('identifier_forms') }}
    where mailbox_key is not null and rejected_reason is null
),

shared_mailboxes as (
    select mailbox_key, min(identifier_key) as anchor_key
    from mailboxes
    group by mailbox_key
    having count(*) > 1
),

links_of_mailboxes as (
    select
        shared_mailboxes.anchor_key,
        mailboxes.identifier_key as other_key,
        'same_mailbox' as link_rule,
        cast(null as {{ dbt.type_string() }}) as rejected_reason,
        seen.first_source,
        seen.source_count,
        seen.evidence_count,
        seen.sample_record,
        seen.first_seen_at,
        seen.last_seen_at
    from shared_mailboxes
    inner join mailboxes
        on
            shared_mailboxes.mailbox_key = mailboxes.mailbox_key
            and shared_mailboxes.anchor_key <> mailboxes.identifier_key
    inner join seen_identifiers as seen on mailboxes.identifier_key = seen.identifier_key
),

all_links as (
    select * from links_of_records
    union all
    select * from links_of_mailboxes
),

anchors_per_value as (
    select other_key, count(distinct anchor_key) as anchor_count
    from links_of_records
    where rejected_reason is null and link_rule = 'same_record'
    group by other_key
),

judged_links as (
    select
        least(all_links.anchor_key, all_links.other_key) as identifier_key_a,
        greatest(all_links.anchor_key, all_links.other_key) as identifier_key_b,
        all_links.link_rule,
        case
            when all_links.rejected_reason is not null then all_links.rejected_reason
            when
                all_links.link_rule = 'third_party_record'
                and (anchors.is_first_party = 1 or others.is_first_party = 1)
                then 'no_consent'
            when all_links.link_rule = 'same_record' and degrees.anchor_count > types.max_anchors_per_value
                then 'degree_limit'
        end as rejected_reason,
        all_links.first_source,
        all_links.sample_record,
        all_links.source_count,
        all_links.evidence_count,
        all_links.first_seen_at,
        all_links.last_seen_at
    from all_links
    inner join seen_identifiers as anchors on all_links.anchor_key = anchors.identifier_key
    inner join seen_identifiers as others on all_links.other_key = others.identifier_key
    inner join {{ ref('identifier_types') }} as types on others.identifier_type = types.identifier_type
    left join anchors_per_value as degrees on all_links.other_key = degrees.other_key
)

select * from judged_links
