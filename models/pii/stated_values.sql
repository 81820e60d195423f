-- One row per profile, field, value and source: what records say of a person, and since when.
with all_observations as (
    select
        record_source,
        record_id,
        identifier_key,
        identifier_type,
        data_party,
        count(case when record_source <> 'stg_engagement__messages' then 1 end) over (partition by identifier_key)
            as statement_count,
        first_seen_at,
        last_seen_at
    from {{ ref('identifier_observations') }}
    where identifier_type in ('email', 'phone') and {{ is_used_party('data_party') }}
),

-- Where we write to is not what a person says; it counts only where nothing else does.
observations as (
    select * from all_observations
    where record_source <> 'stg_engagement__messages' or statement_count = 0
),

identifiers as (
    select identifier_key, profile_id from {{ ref('identifiers') }}
),

reachable_at as (
    select
        identifiers.profile_id,
        observations.identifier_type as field,
        identifier_values.identifier_value as field_value,
        observations.record_source,
        observations.record_id,
        observations.data_party,
        observations.first_seen_at,
        observations.last_seen_at
    from observations
    inner join identifiers on observations.identifier_key = identifiers.identifier_key
    inner join {{ ref('identifier_values') }} as identifier_values
        on observations.identifier_key = identifier_values.identifier_key
),

said_of_people as (
    select
        identifiers.profile_id,
        said.field,
        case said.field
            when 'country' then upper(said.field_value)
            when 'language' then lower(said.field_value)
            when 'gender' then lower(said.field_value)
            else said.field_value
        end as field_value,
        said.record_source,
        said.record_id,
        said.data_party,
        said.seen_at as first_seen_at,
        said.seen_at as last_seen_at
    from {{ ref('record_values') }} as said
    inner join identifiers on said.identifier_key = identifiers.identifier_key
    where said.field_value is not null and {{ is_used_party('said.data_party') }}
),

said_by_records as (
    select * from reachable_at
    union all
    select * from said_of_people
),

stated_values as (
    select
        profile_id,
        field,
        field_value,
        record_source,
        data_party,
        max({{ byte_order('record_id') }}) as sample_record_id,
        cast(count(*) as integer) as record_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from said_by_records
    group by profile_id, field, field_value, record_source, data_party
)

select * from stated_values
