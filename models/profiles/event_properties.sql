-- One row per web or app event and listed property of it that has no column of its own.
{{ config(materialized='view', access='public') }}

with event_properties as (
    select
        message_id as event_id,
        property_name,
        property_value
    from {{ ref('stg_events__event_properties') }}
    where property_value is not null
)

select * from event_properties
