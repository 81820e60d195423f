-- One row per pair of identifiers and rule that would link them, with the reason where a rule about the two forbids it.
with evidence as (
    select * from {{ ref('link_evidence') }}
),

-- A blocked value names nobody, so it is not among the identifiers seen.
placed_links as (
    select
        evidence.*,
        case when seen_a.identifier_key is null then evidence.identifier_key_a else evidence.identifier_key_b end
            as blocked_key,
        case when seen_a.is_shared then evidence.identifier_key_a else evidence.identifier_key_b end as shared_key,
        case
            when seen_a.strength < seen_b.strength then evidence.identifier_key_a
            when seen_a.strength > seen_b.strength then evidence.identifier_key_b
            else evidence.identifier_key_a
        end as stronger_key,
        case when seen_a.strength > seen_b.strength then seen_a.identifier_type else seen_b.identifier_type end
            as weaker_type,
        case
            when evidence.link_rule = 'steward_link' then 'always'
            when 'never' in (seen_a.joins_people, seen_b.joins_people) then 'never'
            when 'undisputed' in (seen_a.joins_people, seen_b.joins_people) then 'undisputed'
            else 'always'
        end as joins_people,
        case
            when evidence.link_rule = 'steward_link' then 0
            else greatest(coalesce(seen_a.strength, 0), coalesce(seen_b.strength, 0))
        end as link_strength,
        case when seen_a.strength > seen_b.strength then seen_a.max_per_profile else seen_b.max_per_profile end
            as max_per_profile,
        seen_a.is_shared or seen_b.is_shared as is_shared,
        seen_a.is_consented or seen_b.is_consented as is_consented,
        case
            when evidence.link_rule in ('same_record', 'third_party_record')
                then {{ link_expiry(
                    'evidence.first_seen_at',
                    'evidence.last_seen_at',
                    "evidence.link_rule = 'same_record'",
                    ['seen_a', 'seen_b']
                ) }}
        end as expires_at
    from evidence
    left join {{ ref('seen_identifiers') }} as seen_a on evidence.identifier_key_a = seen_a.identifier_key
    left join {{ ref('seen_identifiers') }} as seen_b on evidence.identifier_key_b = seen_b.identifier_key
),

judged_links as (
    select
        *,
        case
            when rejected_reason is not null then rejected_reason
            when link_rule = 'steward_link' then null
            when is_shared then 'degree_limit'
            when confidence < {{ var('link_confidence_threshold') }} then 'low_confidence'
            when expires_at <= {{ as_of() }} then 'expired'
            when link_rule = 'third_party_record' and not is_consented then 'no_consent'
        end as reason
    from placed_links
),

-- Beyond so many values of one type beside one identifier the oldest and weakest are left out.
ranked_links as (
    select
        *,
        {{ dbt.date_trunc('month', 'last_seen_at') }} as seen_month_at,
        row_number() over (
            partition by
                stronger_key,
                weaker_type,
                case when reason is null and link_rule <> 'steward_link' then 1 else 0 end
            order by last_seen_at desc, evidence_count desc, identifier_key_a asc, identifier_key_b asc
        ) as recency
    from judged_links
),

candidates as (
    select
        identifier_key_a,
        identifier_key_b,
        case
            when reason = 'blocked_value' then blocked_key
            when reason = 'degree_limit' then shared_key
            when reason is null and link_rule <> 'steward_link' and recency > max_per_profile then stronger_key
        end as cause_key,
        link_rule,
        case
            when reason is null and link_rule <> 'steward_link' and recency > max_per_profile then 'degree_limit'
            else reason
        end as rejected_reason,
        joins_people,
        first_source,
        sample_record,
        link_strength,
        source_count,
        evidence_count,
        seen_month_at,
        first_seen_at,
        last_seen_at,
        loaded_at,
        expires_at
    from ranked_links
)

select * from candidates
