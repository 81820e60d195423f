-- One row per identifier value as written: its type, and for a phone the country it was written in.
{{ config(schema='pii', access='protected') }}

{%- set mailbox = "salts.salt || '|mailbox|' || " ~ email_match_key('forms.identifier_value', 'rules') -%}

with written_forms as (
    select distinct
        door.identifier_type,
        coalesce(types.normaliser, 'unknown') as normaliser,
        door.raw_value,
        door.country
    from {{ ref('identity_door') }} as door
    left join {{ ref('identifier_types') }} as types on door.identifier_type = types.identifier_type
),

written_phones as (
    select
        raw_value,
        nullif(country, '') as country
    from written_forms
    where normaliser = 'phone'
),

normalised_phones as (
    {{ normalize_phone('written_phones', ref('calling_codes'), ref('numbering_plans')) }}
),

normalised_forms as (
    select
        written_forms.identifier_type,
        written_forms.normaliser,
        written_forms.raw_value,
        written_forms.country,
        phones.normalized_value as identifier_value
    from written_forms
    inner join normalised_phones as phones
        on written_forms.raw_value = phones.raw_value and written_forms.country = coalesce(phones.country, '')
    where written_forms.normaliser = 'phone'
    union all
    select
        identifier_type,
        normaliser,
        raw_value,
        country,
        case normaliser when 'email' then {{ normalize_email('raw_value') }} else nullif(trim(raw_value), '') end
            as identifier_value
    from written_forms
    where normaliser <> 'phone'
),

blocked_values as (
    select identifier_type, value as blocked_value, match
    from {{ ref('blocked_identifier_values') }}
),

-- Exact values are found by a hash join; only the few patterns are compared with every value.
blocked_forms as (
    select forms.identifier_type, forms.identifier_value
    from normalised_forms as forms
    inner join blocked_values as blocked on lower(forms.identifier_value) = blocked.blocked_value
    where blocked.match = 'exact' and blocked.identifier_type in (forms.identifier_type, 'any')
    union
    select forms.identifier_type, forms.identifier_value
    from normalised_forms as forms
    inner join blocked_values as blocked on lower(forms.identifier_value) like blocked.blocked_value
    where blocked.match = 'pattern' and blocked.identifier_type in (forms.identifier_type, 'any')
),

keyed_forms as (
    select
        forms.identifier_type,
        forms.raw_value,
        forms.country,
        forms.identifier_value,
        case
            when forms.normaliser <> 'unknown'
                then {{ dbt.hash("salts.salt || '|' || forms.identifier_type || '|' || forms.identifier_value") }}
        end as identifier_key,
        case
            when forms.normaliser = 'email'
                then {{ dbt.hash(mailbox) }}
        end as mailbox_key,
        case
            when forms.normaliser = 'unknown' then 'unknown_type'
            when forms.identifier_value is null then 'unreadable'
            when blocked.identifier_value is not null then 'blocked_value'
        end as rejected_reason
    from normalised_forms as forms
    cross join {{ ref('identifier_salt') }} as salts
    left join {{ ref('email_provider_rules') }} as rules
        on case forms.normaliser when 'email' then {{ email_domain('forms.identifier_value') }} end = rules.domain
    left join blocked_forms as blocked
        on forms.identifier_type = blocked.identifier_type and forms.identifier_value = blocked.identifier_value
)

select * from keyed_forms
