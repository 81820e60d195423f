-- One row per identifier, partner and attribute: what the partner last said it is.
with licences as (
    {{ licences_in_force(ref('stg_partner__licences')) }}
),

attributes as (
    select
        {{ record_id(['provider', 'id_type', 'id_value', 'attribute']) }} as record_id,
        provider,
        attribute,
        attribute_value,
        coalesce(observed_at, loaded_at) as observed_at,
        expires_at
    from {{ ref('stg_partner__attributes') }}
    where attribute_value is not null and {{ is_used_party("'second'") }}
),

-- Two spellings of one address are one identifier, so the newer word counts. No licence is no permission.
ranked_values as (
    select
        named.identifier_key,
        attributes.record_id,
        attributes.provider,
        attributes.attribute,
        attributes.attribute_value,
        licences.licensed_purposes,
        coalesce(licences.is_licensed, false) as is_licensed,
        attributes.observed_at,
        least(
            coalesce(attributes.expires_at, licences.licensed_until),
            coalesce(licences.licensed_until, attributes.expires_at)
        ) as expires_at,
        row_number() over (
            partition by named.identifier_key, attributes.provider, attributes.attribute
            order by attributes.observed_at desc, {{ byte_order('attributes.record_id') }}
        ) as recency
    from attributes
    inner join {{ ref('named_identifiers') }} as named
        on named.record_source = 'stg_partner__attributes' and attributes.record_id = named.record_id
    left join licences on attributes.provider = licences.provider
),

partner_values as (
    select
        identifier_key,
        record_id,
        provider,
        attribute,
        attribute_value,
        licensed_purposes,
        is_licensed and coalesce(expires_at > {{ as_of() }}, true) as is_current,
        observed_at,
        expires_at
    from ranked_values
    where recency = 1
)

select * from partner_values
