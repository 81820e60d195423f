-- One row per source record that may name somebody: a fingerprint of what it said, and the version that changed it.
{{ config(materialized='incremental', unique_key=['record_source', 'record_id']) }}

with staged_records as (
    {% for record in var('identifier_records') %}
        {% set said = record.identifiers | map(attribute='column') | list %}
        {% set types = record.identifiers | map(attribute='type_column') | select | list %}
        {% set others = [record.country, record.confidence, 'loaded_at'] | select | list %}
        {% set times = record.seen_at + (record.last_seen_at or []) %}
        select
            '{{ record.model }}' as record_source,
            {{ record_id(record.record_id) }} as record_id,
            {{ fingerprint((said + types + others + times) | unique | list) }} as fingerprint
        from {{ ref(record.model) }}
        where coalesce({{ said | join(', ') }}) is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

last_records as (
    {{ rows_so_far(this, {
        'record_source': dbt.type_string(), 'record_id': dbt.type_string(), 'fingerprint': 'bigint',
        'is_gone': 'boolean',
    }) }}
),

changed_records as (
    select
        coalesce(staged_records.record_source, last_records.record_source) as record_source,
        coalesce(staged_records.record_id, last_records.record_id) as record_id,
        staged_records.fingerprint,
        staged_records.record_id is null as is_gone,
        cast({{ last_version(this) + 1 }} as bigint) as version
    from staged_records
    full outer join last_records
        on
            staged_records.record_source = last_records.record_source
            and staged_records.record_id = last_records.record_id
    where
        last_records.record_id is null
        or (staged_records.record_id is null and not last_records.is_gone)
        or (
            staged_records.record_id is not null
            and (last_records.is_gone or staged_records.fingerprint <> last_records.fingerprint)
        )
)

select * from changed_records
