-- One row per thing that happened, on any channel, online or offline.
{{ config(materialized='view', access='public') }}

with events as (
    {% for family in var('timeline_families') %}
        select
            event_source,
            event_id,
            profile_id,
            identifier_key,
            session_id,
            object_id,
            product_id,
            data_party,
            category,
            channel,
            event_type,
            event_name,
            currency,
            cast(event_amount as numeric(28, 6)) as event_amount,
            occurred_at
        from {{ ref('timeline_' ~ family) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from events
