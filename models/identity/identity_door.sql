-- One row per source record and identifier value as written in it.
{{ config(materialized='view', schema='pii') }}

with observed_identifiers as (
    {% for record in var('identifier_records') %}
        {% for identifier in record.identifiers %}
            select
                '{{ record.model }}' as record_source,
                {{ record_id(record.record_id) }} as record_id,
                {{ identifier.type_column or dbt.string_literal(identifier.type) }} as identifier_type,
                {{ identifier.column }} as raw_value,
                '{{ identifier.column }}' as raw_column,
                {{ record.country or "cast(null as " ~ dbt.type_string() ~ ")" }} as country,
                '{{ record.party or "first" }}' as data_party,
                cast({{ record.confidence or 'null' }} as numeric(28, 6)) as confidence,
                {{ 'false' if record.is_sighting is false else 'true' }} as is_sighting,
                coalesce({{ record.seen_at | join(', ') }}) as first_seen_at,
                coalesce({{ (record.last_seen_at or record.seen_at) | join(', ') }}) as last_seen_at,
                loaded_at
            from {{ ref(record.model) }}
            where {{ identifier.column }} is not null
            {{ 'union all' if not loop.last }}
        {% endfor %}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

read_by_country as (
    select
        observed_identifiers.record_source,
        observed_identifiers.record_id,
        observed_identifiers.identifier_type,
        observed_identifiers.raw_value,
        observed_identifiers.raw_column,
        -- Only a phone number reads differently in another country.
        case
            when types.normaliser = 'phone' then coalesce(upper(observed_identifiers.country), '')
            else ''
        end as country,
        observed_identifiers.data_party,
        observed_identifiers.confidence,
        observed_identifiers.is_sighting,
        observed_identifiers.first_seen_at,
        observed_identifiers.last_seen_at,
        observed_identifiers.loaded_at
    from observed_identifiers
    left join {{ ref('identifier_types') }} as types
        on observed_identifiers.identifier_type = types.identifier_type
)

select * from read_by_country
