-- One row per identifier value as written: its type, and for a phone the country it was written in.
{{ config(schema='pii', access='protected', materialized='incremental', incremental_strategy='append') }}

{%- set mailbox = "salts.salt || '|mailbox|' || " ~ email_match_key('forms.identifier_value', 'rules') -%}

with changed_records as (
    select record_source, record_id, version from {{ ref('identity_records') }}
    where version > {{ last_version(this, 'version', ref('identity_records')) }} and not is_gone
),

found_forms as (
    select
        door.identifier_type,
        door.raw_value,
        door.country,
        max(changed_records.version) as version
    from {{ ref('identity_door') }} as door
    inner join changed_records
        on door.record_source = changed_records.record_source and door.record_id = changed_records.record_id
    group by door.identifier_type, door.raw_value, door.country
),

forms_so_far as (
    {{ rows_so_far(this, {
        'identifier_type': dbt.type_string(), 'raw_value': dbt.type_string(), 'country': dbt.type_string()
    }) }}
),

written_forms as (
    select
        found_forms.identifier_type,
        coalesce(types.normaliser, 'unknown') as normaliser,
        found_forms.raw_value,
        found_forms.country,
        found_forms.version
    from found_forms
    left join {{ ref('identifier_types') }} as types on found_forms.identifier_type = types.identifier_type
    left join forms_so_far
        on
            found_forms.identifier_type = forms_so_far.identifier_type
            and found_forms.raw_value = forms_so_far.raw_value
            and found_forms.country = forms_so_far.country
    where forms_so_far.raw_value is null
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
        written_forms.version,
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
        version,
        case normaliser when 'email' then {{ normalize_email('raw_value') }} else nullif(trim(raw_value), '') end
            as identifier_value
    from written_forms
    where normaliser <> 'phone'
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
        end as rejected_reason,
        forms.version
    from normalised_forms as forms
    cross join {{ ref('identifier_salt') }} as salts
    left join {{ ref('email_provider_rules') }} as rules
        on case forms.normaliser when 'email' then {{ email_domain('forms.identifier_value') }} end = rules.domain
)

select * from keyed_forms
