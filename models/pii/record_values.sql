-- One row per source record, identifier that it tells of and field of the golden record: what it says, as written.
{{ config(materialized='view') }}

{%- set fields = [] -%}
{%- for record in var('contact_records') -%}
    {%- for field in record.points -%}
        {%- if field not in fields -%}
            {%- do fields.append(field) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endfor %}

with people_in_records as (
    {% for record in var('contact_records') %}
        {% for field, columns in record.points.items() %}
            select
                '{{ field }}' as field,
                case
                    when {{ columns[0] }} is not null then concat_ws(', ', {{ columns | join(', ') }})
                end as field_value,
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

said_in_records as (
    select
        records.identifier_key,
        people.field,
        people.field_value,
        people.record_source,
        people.record_id,
        people.data_party,
        people.seen_at
    from people_in_records as people
    inner join {{ ref('record_identifiers') }} as records
        on people.record_source = records.record_source and people.record_id = records.record_id
),

-- A partner names the field instead of having a column for it.
said_by_partners as (
    select
        identifier_key,
        attribute as field,
        case
            when attribute = 'birth_date' then cast({{ try_to_date('attribute_value') }} as {{ dbt.type_string() }})
            else attribute_value
        end as field_value,
        'stg_partner__attributes' as record_source,
        record_id,
        'second' as data_party,
        observed_at as seen_at
    from {{ ref('partner_values') }}
    where
        is_current
        and attribute in (
            {% for field in fields %}
                '{{ field }}'
                {{ ',' if not loop.last }}
            {% endfor %}
        )
),

record_values as (
    select * from said_in_records
    union all
    select * from said_by_partners
)

select * from record_values
