-- One row per profile, field and value: how it ranks among the values of the field.
{% set third_party_days = var('third_party_days') %}

with rules as (
    select field, source, source_rank, strategy, max_age_days from {{ ref('field_survivorship') }}
),

strategies as (
    select field, max(strategy) as strategy, min(max_age_days) as max_age_days from rules
    group by field
),

trusted_values as (
    select
        stated.*,
        coalesce(strategies.strategy, 'most_recent') as strategy,
        coalesce(named.source_rank, everyone.source_rank, 1000) as source_rank,
        case stated.data_party when 'first' then 1 when 'second' then 2 else 3 end as party_rank,
        case
            when stated.data_party = 'third'
                then least(coalesce(strategies.max_age_days, {{ third_party_days }}), {{ third_party_days }})
            else strategies.max_age_days
        end as max_age_days
    from {{ ref('stated_values') }} as stated
    left join strategies on stated.field = strategies.field
    left join rules as named on stated.field = named.field and stated.record_source = named.source
    left join rules as everyone on stated.field = everyone.field and everyone.source = '*'
),

aged_values as (
    select
        *,
        last_seen_at < {{ dbt.dateadd('day', '-max_age_days', as_of()) }} as is_expired
    from trusted_values
),

-- Of the sources of one value the best speaks for it; a lesser party that says the same makes it neither newer nor more
-- frequent, or bought data would choose among our own.
speaking_sources as (
    select
        *,
        sum(record_count) over (partition by profile_id, field, field_value, party_rank) as value_record_count,
        min(first_seen_at) over (partition by profile_id, field, field_value, party_rank) as value_first_seen_at,
        max(last_seen_at) over (partition by profile_id, field, field_value, party_rank) as value_last_seen_at,
        row_number() over (
            partition by profile_id, field, field_value
            order by
                case when is_expired then 1 else 0 end,
                party_rank,
                source_rank,
                last_seen_at desc,
                {{ byte_order('record_source') }}
        ) as source_order
    from aged_values
),

judged_values as (
    select
        speaking.*,
        case
            when speaking.is_expired then 'expired'
            when unreachable.identifier_key is not null then 'bounced'
            when disposable.email_domain is not null then 'disposable'
            else 'valid'
        end as validity
    from speaking_sources as speaking
    left join {{ ref('identifier_values') }} as identifier_values
        on
            speaking.field = identifier_values.identifier_type
            and speaking.field_value = identifier_values.identifier_value
    left join {{ ref('unreachable_identifiers') }} as unreachable
        on identifier_values.identifier_key = unreachable.identifier_key
    left join {{ ref('disposable_email_domains') }} as disposable
        on speaking.field = 'email' and {{ dbt.split_part('speaking.field_value', "'@'", 2) }} = disposable.email_domain
    where speaking.source_order = 1
),

ranked_values as (
    select
        profile_id,
        field,
        field_value,
        record_source,
        data_party,
        sample_record_id,
        strategy,
        source_rank,
        party_rank,
        validity,
        value_record_count,
        value_first_seen_at,
        value_last_seen_at,
        row_number() over (
            partition by profile_id, field
            order by
                case validity when 'valid' then 1 when 'disposable' then 2 when 'bounced' then 3 else 4 end,
                party_rank,
                case when strategy = 'most_trusted' then source_rank end,
                case when strategy = 'most_frequent' then value_record_count end desc,
                case when strategy = 'first' then value_first_seen_at end,
                case when strategy <> 'first' then value_last_seen_at end desc,
                source_rank,
                {{ byte_order('field_value') }}
        ) as preference,
        count(*) over (partition by profile_id, field) as value_count
    from judged_values
)

select * from ranked_values
