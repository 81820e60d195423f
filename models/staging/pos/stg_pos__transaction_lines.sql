-- One row per line of a purchase in a store.
with source as (
    select
        *,
        {{ version_rank('pos', 'transaction_lines') }} as version_rank
    from {{ source('pos', 'transaction_lines') }}
    where {{ is_readable('pos', 'transaction_lines') }}
),

latest as (
    select * from source
    where version_rank = 1
),

renamed as (
    select
        {{ scoped_id('transaction_id') }} as transaction_id,
        {{ scoped_id('product_id') }} as product_id,
        {{ try_to('integer', 'line_no') }} as line_no,
        {{ try_to('numeric(28,6)', 'quantity') }} as quantity,
        {{ try_to('numeric(28,6)', 'unit_price') }} as unit_price_amount,
        _source_instance as source_instance,
        _loaded_at as loaded_at
    from latest
)

select * from renamed
