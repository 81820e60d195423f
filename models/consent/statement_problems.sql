-- One row per statement about consent that counts for less than it says, or for nothing, and why.
{{ config(access='public') }}

with observed_records as (
    select
        record_source,
        record_id,
        max(case when rejected_reason is null then 1 else 0 end) as usable_count
    from {{ ref('identifier_observations') }}
    where record_source in ('stg_consent__records', 'stg_privacy__requests')
    group by record_source, record_id
),

said_by_somebody as (
    select
        'stg_consent__records' as record_source,
        record_id,
        problem
    from {{ ref('record_statements') }}
    union all
    select
        'stg_privacy__requests' as record_source,
        request_id as record_id,
        case
            when coalesce(lower(request_type) not in ('access', 'erasure', 'objection', 'rectification'), true)
                then 'unknown_request_type'
        end as problem
    from {{ ref('stg_privacy__requests') }}
),

-- Whose it is matters more than what it says.
problems as (
    select
        said.record_source,
        said.record_id,
        case
            when observed.record_id is null then 'unreadable_identifier'
            when observed.usable_count = 0 then 'blocked_identifier'
            else said.problem
        end as problem
    from said_by_somebody as said
    left join observed_records as observed
        on said.record_source = observed.record_source and said.record_id = observed.record_id
    union all
    select distinct
        'stg_engagement__message_events' as record_source,
        record_id,
        problem
    from {{ ref('message_statements') }}
    union all
    select distinct
        'stg_events__events' as record_source,
        preferences.message_id as record_id,
        'unknown_category' as problem
    from {{ ref('stg_events__consent_preferences') }} as preferences
    left join {{ ref('consent_categories') }} as categories on lower(preferences.category) = lower(categories.category)
    where categories.category is null and preferences.category <> ''
),

statement_problems as (
    select * from problems
    where problem is not null
)

select * from statement_problems
