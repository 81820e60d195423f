-- One row per thing that happened with sales, for the timeline.
{{ config(materialized='view') }}

with activities as (
    select
        'crm' as event_source,
        activity_id as event_id,
        profile_id,
        identifier_key,
        cast(null as {{ dbt.type_string() }}) as session_id,
        deal_id as object_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        'first' as data_party,
        cast(null as {{ dbt.type_string() }}) as category,
        activity_type as channel,
        'sales_activity' as event_type,
        'Sales Activity' as event_name,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as numeric(28, 6)) as event_amount,
        occurred_at
    from {{ ref('sales_activities') }}
),

stages as (
    select
        'crm_deals' as event_source,
        deal_stage_id as event_id,
        profile_id,
        cast(null as {{ dbt.type_string() }}) as identifier_key,
        cast(null as {{ dbt.type_string() }}) as session_id,
        deal_id as object_id,
        cast(null as {{ dbt.type_string() }}) as product_id,
        'first' as data_party,
        cast(null as {{ dbt.type_string() }}) as category,
        'crm' as channel,
        'deal' as event_type,
        'Deal Stage Entered: ' || deal_stage as event_name,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as numeric(28, 6)) as event_amount,
        entered_at as occurred_at
    from {{ ref('deal_stages') }}
),

happenings as (
    select * from activities
    union all
    select * from stages
)

select * from happenings
