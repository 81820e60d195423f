-- One row per refund of an order.
{{ config(access='public') }}

with staged_refunds as (
    select
        refund_id,
        order_id,
        currency,
        reason as refund_reason,
        refund_amount,
        coalesce(refunded_at, loaded_at) as refunded_at
    from {{ ref('stg_commerce__refunds') }}
),

refunds as (
    select
        refunds.refund_id,
        refunds.order_id,
        door.profile_id,
        'commerce' as order_source,
        refunds.currency,
        refunds.refund_reason,
        cast(refunds.refund_amount as numeric(28, 6)) as refund_amount,
        cast(refunds.refund_amount * rates.project_currency_rate as numeric(28, 6)) as refund_project_amount,
        refunds.refunded_at
    from staged_refunds as refunds
    left join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_commerce__orders' and refunds.order_id = door.record_id
    left join {{ ref('currency_periods') }} as rates
        on {{ rate_holds('rates', 'refunds.currency', 'refunds.refunded_at') }}
)

select * from refunds
