-- One row per refund of an online order, as last landed.
with source as (
    select
        *,
        {{ version_rank('commerce', 'refunds') }} as version_rank
    from {{ source('commerce', 'refunds') }}
    where {{ is_readable('commerce', 'refunds') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('refund_id') }} as refund_id,
        {{ scoped_id('order_id') }} as order_id,
        {{ try_to('text', 'currency') }} as currency,
        {{ try_to('text', 'reason') }} as reason,
        {{ try_to('numeric(28,6)', 'amount') }} as refund_amount,
        {{ try_to('timestamp', 'refunded_at') }} as refunded_at,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
