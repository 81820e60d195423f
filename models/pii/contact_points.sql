-- One row per profile, type of contact point and value: an e-mail, a phone, a name, an address, a birth date.
{{ config(access='public') }}

with reachable_identifiers as (
    select
        identifiers.profile_id,
        identifiers.identifier_type as contact_type,
        identifier_values.identifier_value as contact_value,
        'identity' as contact_source,
        1 as source_rank,
        identifiers.first_seen_at,
        identifiers.last_seen_at
    from {{ ref('identifiers') }} as identifiers
    inner join {{ ref('identifier_values') }} as identifier_values
        on identifiers.identifier_key = identifier_values.identifier_key
    where identifiers.identifier_type in ('email', 'phone')
),

people_in_records as (
    {% for record in var('contact_records') %}
        {% set source_rank = loop.index %}
        {% for contact_type, columns in record.points.items() %}
            select
                '{{ contact_type }}' as contact_type,
                nullif(concat_ws(', ', {{ columns | join(', ') }}), '') as contact_value,
                '{{ record.model }}' as contact_source,
                {{ record_id(record.record_id) }} as record_id,
                {{ source_rank }} as source_rank,
                coalesce({{ record.seen_at | join(', ') }}) as seen_at
            from {{ ref(record.model) }}
            {{ 'union all' if not loop.last }}
        {% endfor %}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

profiles_of_records as (
    select records.record_source, records.record_id, identifiers.profile_id
    from {{ ref('record_identifiers') }} as records
    inner join {{ ref('identifiers') }} as identifiers on records.identifier_key = identifiers.identifier_key
),

stated_contact_points as (
    select
        profiles_of_records.profile_id,
        people.contact_type,
        people.contact_value,
        people.contact_source,
        people.source_rank,
        people.seen_at as first_seen_at,
        people.seen_at as last_seen_at
    from people_in_records as people
    inner join profiles_of_records
        on
            people.contact_source = profiles_of_records.record_source
            and people.record_id = profiles_of_records.record_id
    where people.contact_value is not null
),

all_contact_points as (
    select * from reachable_identifiers
    union all
    select * from stated_contact_points
),

one_per_value as (
    select
        profile_id,
        contact_type,
        contact_value,
        min(source_rank) as source_rank,
        min({{ byte_order('contact_source') }}) as contact_source,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from all_contact_points
    group by profile_id, contact_type, contact_value
),

ranked_contact_points as (
    select
        *,
        row_number() over (
            partition by profile_id, contact_type
            order by source_rank, last_seen_at desc, {{ byte_order('contact_value') }}
        ) as preference
    from one_per_value
),

contact_points as (
    select
        profile_id,
        contact_type,
        contact_value,
        contact_source,
        preference = 1 as is_primary,
        first_seen_at,
        last_seen_at
    from ranked_contact_points
)

select * from contact_points
