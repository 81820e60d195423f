-- One row per payment or attempt at one, online or at a till.
{{ config(access='public') }}

with all_payments as (
    select
        'commerce' as order_source,
        payment_id,
        order_id,
        'stg_commerce__orders' as record_source,
        method as payment_method,
        provider as payment_provider,
        currency,
        payment_status,
        payment_amount,
        coalesce(paid_at, loaded_at) as paid_at
    from {{ ref('stg_commerce__payments') }}
    union all
    select
        'pos' as order_source,
        transaction_id as payment_id,
        transaction_id as order_id,
        'stg_pos__transactions' as record_source,
        payment_method,
        cast(null as {{ dbt.type_string() }}) as payment_provider,
        currency,
        'paid' as payment_status,
        total_amount as payment_amount,
        coalesce(occurred_at, loaded_at) as paid_at
    from {{ ref('stg_pos__transactions') }}
),

payments as (
    select
        payments.order_source,
        payments.payment_id,
        payments.order_id,
        door.profile_id,
        payments.payment_method,
        payments.payment_provider,
        payments.currency,
        payments.payment_status,
        cast(payments.payment_amount as numeric(28, 6)) as payment_amount,
        cast(payments.payment_amount * rates.project_currency_rate as numeric(28, 6)) as payment_project_amount,
        coalesce(payments.payment_status, '') = 'paid' as is_paid,
        payments.paid_at
    from all_payments as payments
    left join {{ ref('profiles_door') }} as door
        on payments.record_source = door.record_source and payments.order_id = door.record_id
    left join {{ ref('currency_periods') }} as rates
        on {{ rate_holds('rates', 'payments.currency', 'payments.paid_at') }}
)

select * from payments
