-- One row per thing that happened on a social network, for the timeline.
{{ config(materialized='view') }}

with interactions as (
    select
        'social' as event_source,
        interaction_id as event_id,
        profile_id,
        identifier_key,
        cast(null as {{ dbt.type_string() }}) as session_id,
        campaign_id as object_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        'first' as data_party,
        cast(null as {{ dbt.type_string() }}) as category,
        platform as channel,
        'social_interaction' as event_type,
        interaction_type as event_name,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as numeric(28, 6)) as event_amount,
        occurred_at
    from {{ ref('social_interactions') }}
)

select * from interactions
