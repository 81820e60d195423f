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
    where identifier_type in ('email', 'phone')
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

people_in_records as (
    {% for record in var('contact_records') %}
        {% for field, columns in record.points.items() %}
            select
                '{{ field }}' as field,
                nullif(concat_ws(', ', {{ columns | join(', ') }}), '') as field_value,
                '{{ record.model }}' as record_source,
                {{ record_id(record.record_id) }} as record_id,
                '{{ record.party or "first" }}' as data_party,
                coalesce({{ record.seen_at | join(', ') }}) as seen_at
            from {{ ref(record.model) }}
            {{ 'union all' if not loop.last }}
        {% endfor %}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

said_of_people as (
    select
        identifiers.profile_id,
        people.field,
        case people.field
            when 'country' then upper(people.field_value)
            when 'language' then lower(people.field_value)
            when 'gender' then lower(people.field_value)
            else people.field_value
        end as field_value,
        people.record_source,
        people.record_id,
        people.data_party,
        people.seen_at as first_seen_at,
        people.seen_at as last_seen_at
    from people_in_records as people
    inner join {{ ref('record_identifiers') }} as records
        on people.record_source = records.record_source and people.record_id = records.record_id
    inner join identifiers on records.identifier_key = identifiers.identifier_key
    where people.field_value is not null
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
