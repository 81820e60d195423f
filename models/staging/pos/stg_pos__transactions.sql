-- One row per purchase in a store.
with source as (
    select
        *,
        {{ version_rank('pos', 'transactions') }} as version_rank
    from {{ source('pos', 'transactions') }}
    where {{ is_readable('pos', 'transactions') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('transaction_id') }} as transaction_id,
        {{ scoped_id('store_id') }} as store_id,
        {{ scoped_id('loyalty_id') }} as loyalty_id,
        {{ try_to('text', 'card_fingerprint') }} as card_fingerprint,
        {{ try_to('text', 'email') }} as email,
        {{ try_to('text', 'phone') }} as phone,
        {{ try_to('text', 'currency') }} as currency,
        {{ try_to('text', 'payment_method') }} as payment_method,
        {{ try_to('numeric(28,6)', 'total') }} as total_amount,
        {{ try_to('timestamp', 'occurred_at') }} as occurred_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
