-- One row per message and listed property of it that has no column of its own.
-- A value that a later version of its message took back stays as a row without one. The row without a message remembers
-- how far was read, so that events are not read again for want of a property.
{{ config(materialized='incremental', unique_key=['message_id', 'property_name']) }}
{%- set names = var('event_properties') -%}
{%- set is_increment = this and is_incremental() -%}

with source as (
    select
        *,
        {{ json_fields('properties', names) }} as property_fields,
        {{ version_rank('events', 'events') }} as version_rank
    from {{ source('events', 'events') }}
    where {{ is_readable('events', 'events') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    {% for name in names %}
        select
            {{ try_to('text', 'message_id') }} as message_id,
            '{{ name }}' as property_name,
            {{ try_to('text', json_field('property_fields', name, names)) }} as property_value,
            _source_instance as source_instance,
            _source_file as source_file,
            _source_row as source_row,
            _loaded_at as loaded_at,
            {{ as_of() }} as staged_at
        from latest
        {{ 'union all' if not loop.last }}
    {% else %}
        {{ exceptions.raise_compiler_error("The var event_properties is empty: list a property, if only one that no event has.") }}
    {% endfor %}
),

-- Of the version of the message that counts.
unstaged as (
    select * from renamed
    where
        exists (
            select 1 from {{ ref('stg_events__events') }} as events
            where
                events.message_id = renamed.message_id
                and events.source_file = renamed.source_file
                and events.source_row = renamed.source_row
                and events.loaded_at = renamed.loaded_at
        )
        and (
            property_value is not null
            {% if is_increment %}
                or exists (
                    select 1 from {{ this }} as staged
                    where staged.message_id = renamed.message_id and staged.property_name = renamed.property_name
                )
            {% endif %}
        )
),

read_until as (
    select
        '' as message_id,
        '' as property_name,
        cast(null as {{ dbt.type_string() }}) as property_value,
        '' as source_instance,
        '' as source_file,
        cast(0 as bigint) as source_row,
        max(loaded_at) as loaded_at,
        {{ as_of() }} as staged_at
    from {{ ref('stg_events__events') }}
    having max(loaded_at) is not null
),

unstaged_and_mark as (
    select * from unstaged
    union all
    select * from read_until
)

select * from unstaged_and_mark
