-- One row per thing that moves a profile to a stage of its life with us, when it happened.
with orders as (
    select
        profile_id,
        order_id,
        ordered_at,
        row_number() over (
            partition by profile_id order by ordered_at, order_source, {{ byte_order('order_id') }}
        ) as order_number,
        lag(ordered_at) over (
            partition by profile_id order by ordered_at, order_source, {{ byte_order('order_id') }}
        ) as previous_at,
        lead(ordered_at) over (
            partition by profile_id order by ordered_at, order_source, {{ byte_order('order_id') }}
        ) as next_at
    from {{ ref('orders') }}
    where profile_id is not null and is_valid
),

purchases as (
    select
        profile_id,
        case
            when order_number = 1 then 'customer'
            when ordered_at > {{ dbt.dateadd('day', var('lapsed_days'), 'previous_at') }} then 'won_back'
            else 'repeat'
        end as lifecycle_stage,
        'order' as trigger_type,
        order_id as trigger_id,
        ordered_at as occurred_at
    from orders
),

-- Who has not bought for so long has lapsed at the end of that time, if it has come.
lapses as (
    select
        profile_id,
        'lapsed' as lifecycle_stage,
        'no order' as trigger_type,
        order_id as trigger_id,
        {{ dbt.dateadd('day', var('lapsed_days'), 'ordered_at') }} as occurred_at
    from orders
    where
        {{ dbt.dateadd('day', var('lapsed_days'), 'ordered_at') }} <= {{ as_of() }}
        and (next_at is null or next_at > {{ dbt.dateadd('day', var('lapsed_days'), 'ordered_at') }})
),

opportunities as (
    select
        profile_id,
        'opportunity' as lifecycle_stage,
        'deal' as trigger_type,
        deal_id as trigger_id,
        opened_at as occurred_at
    from {{ ref('deals') }}
    where profile_id is not null
),

sightings as (
    select
        profile_id,
        case when is_known then 'lead' else 'anonymous' end as lifecycle_stage,
        'identifier' as trigger_type,
        identifier_key as trigger_id,
        first_seen_at as occurred_at
    from {{ ref('identifiers') }}
    where first_seen_at is not null
),

triggers as (
    select * from purchases
    union all
    select * from lapses
    union all
    select * from opportunities
    union all
    select * from sightings
)

select * from triggers
