-- One row per line of a purchase, online or in a store.
{{ config(access='public') }}

with all_lines as (
    select
        'commerce' as order_source,
        order_id,
        line_no,
        product_id,
        quantity,
        unit_price_amount,
        coalesce(discount_amount, 0) as discount_amount,
        coalesce(tax_amount, 0) as tax_amount
    from {{ ref('stg_commerce__order_lines') }}
    union all
    select
        'pos' as order_source,
        transaction_id as order_id,
        line_no,
        product_id,
        quantity,
        unit_price_amount,
        0 as discount_amount,
        0 as tax_amount
    from {{ ref('stg_pos__transaction_lines') }}
),

priced_lines as (
    select
        lines.*,
        purchases.record_source,
        purchases.currency,
        purchases.is_valid,
        purchases.ordered_at,
        lines.quantity * lines.unit_price_amount - lines.discount_amount as line_amount,
        rates.project_currency_rate
    from all_lines as lines
    left join {{ ref('purchases') }} as purchases
        on lines.order_source = purchases.order_source and lines.order_id = purchases.order_id
    left join {{ ref('currency_periods') }} as rates
        on {{ rate_holds('rates', 'purchases.currency', 'purchases.ordered_at') }}
),

costed_lines as (
    select
        lines.*,
        products.category,
        products.cost_amount * lines.quantity * cost_rates.project_currency_rate as cost_project_amount
    from priced_lines as lines
    left join {{ ref('stg_commerce__products') }} as products on lines.product_id = products.product_id
    left join {{ ref('currency_periods') }} as cost_rates
        on {{ rate_holds('cost_rates', 'products.currency', 'lines.ordered_at') }}
),

order_lines as (
    select
        lines.order_source,
        lines.order_id,
        lines.line_no,
        lines.product_id,
        door.profile_id,
        lines.category,
        lines.currency,
        cast(lines.quantity as numeric(28, 6)) as quantity,
        cast(lines.unit_price_amount as numeric(28, 6)) as unit_price_amount,
        cast(lines.discount_amount as numeric(28, 6)) as discount_amount,
        cast(lines.tax_amount as numeric(28, 6)) as tax_amount,
        cast(lines.line_amount as numeric(28, 6)) as line_amount,
        cast(lines.line_amount * lines.project_currency_rate as numeric(28, 6)) as line_project_amount,
        cast(lines.cost_project_amount as numeric(28, 6)) as cost_project_amount,
        coalesce(lines.is_valid, false) as is_valid,
        lines.ordered_at
    from costed_lines as lines
    left join {{ ref('profiles_door') }} as door
        on lines.record_source = door.record_source and lines.order_id = door.record_id
)

select * from order_lines
