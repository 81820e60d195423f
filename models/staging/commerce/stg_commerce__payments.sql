-- One row per payment of an online order, as last landed.
with source as (
    select
        *,
        {{ version_rank('commerce', 'payments') }} as version_rank
    from {{ source('commerce', 'payments') }}
    where {{ is_readable('commerce', 'payments') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('payment_id') }} as payment_id,
        {{ scoped_id('order_id') }} as order_id,
        {{ try_to('text', 'method') }} as method,
        {{ try_to('text', 'provider') }} as provider,
        {{ try_to('text', 'currency') }} as currency,
        {{ try_to('text', 'status') }} as payment_status,
        {{ try_to('text', 'card_fingerprint') }} as card_fingerprint,
        {{ try_to('numeric(28,6)', 'amount') }} as payment_amount,
        {{ try_to('timestamp', 'paid_at') }} as paid_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
