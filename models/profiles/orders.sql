-- One row per purchase, online or in a store.
{{ config(access='public') }}

{%- set turn = 'orders.ordered_at, ' ~ byte_order('orders.order_source') ~ ', ' ~ byte_order('orders.order_id') %}

with lines_per_order as (
    select
        order_source,
        order_id,
        cast(count(*) as integer) as line_count,
        sum(quantity) as quantity,
        sum(line_amount) as lines_amount,
        sum(line_project_amount) as lines_project_amount,
        sum(cost_project_amount) as cost_project_amount,
        sum(case when cost_project_amount is null or line_project_amount is null then 1 else 0 end) as unpriced_lines
    from {{ ref('order_lines') }}
    group by order_source, order_id
),

payments_per_order as (
    select order_source, order_id, sum(payment_amount) as paid_amount
    from {{ ref('payments') }}
    where is_paid
    group by order_source, order_id
),

refunds_per_order as (
    select order_source, order_id, sum(refund_amount) as refunded_amount
    from {{ ref('refunds') }}
    group by order_source, order_id
),

reckoned_orders as (
    select
        purchases.*,
        door.profile_id,
        door.identifier_key,
        lines.line_count,
        lines.quantity,
        lines.lines_amount,
        payments.paid_amount,
        rates.project_currency_rate,
        coalesce(refunds.refunded_amount, 0) as refunded_amount,
        case
            when lines.unpriced_lines = 0
                then
                    lines.lines_project_amount
                    - purchases.discount_amount * rates.project_currency_rate
                    - lines.cost_project_amount
        end as margin_project_amount
    from {{ ref('purchases') }} as purchases
    left join lines_per_order as lines
        on purchases.order_source = lines.order_source and purchases.order_id = lines.order_id
    left join payments_per_order as payments
        on purchases.order_source = payments.order_source and purchases.order_id = payments.order_id
    left join refunds_per_order as refunds
        on purchases.order_source = refunds.order_source and purchases.order_id = refunds.order_id
    left join {{ ref('currency_periods') }} as rates
        on {{ rate_holds('rates', 'purchases.currency', 'purchases.ordered_at') }}
    left join {{ ref('profiles_door') }} as door
        on purchases.record_source = door.record_source and purchases.order_id = door.record_id
),

orders_in_their_turn as (
    select
        orders.*,
        -- Purchases that name nobody, and invalid ones, are nobody's first or next.
        orders.is_valid and orders.profile_id is not null as is_in_turn,
        row_number() over (partition by orders.profile_id, orders.is_valid order by {{ turn }}) as turn,
        lead(orders.ordered_at) over (partition by orders.profile_id, orders.is_valid order by {{ turn }}) as next_at
    from reckoned_orders as orders
),

orders as (
    select
        orders.order_source,
        orders.order_id,
        orders.profile_id,
        orders.identifier_key,
        orders.store_id,
        orders.cart_id,
        orders.order_channel,
        orders.order_status,
        orders.currency,
        orders.coupon_code,
        case when orders.is_in_turn then cast(orders.turn as integer) end as purchase_number,
        case
            when orders.is_in_turn
                then
                    cast(
                        {{ dbt.datediff('orders.ordered_at', 'orders.next_at', 'day') }}
                        as integer
                    )
        end as days_to_next_purchase,
        coalesce(orders.line_count, 0) as line_count,
        cast(coalesce(orders.quantity, 0) as numeric(28, 6)) as quantity,
        cast(orders.lines_amount as numeric(28, 6)) as lines_amount,
        cast(orders.discount_amount as numeric(28, 6)) as discount_amount,
        cast(orders.shipping_amount as numeric(28, 6)) as shipping_amount,
        cast(orders.tax_amount as numeric(28, 6)) as tax_amount,
        cast(orders.total_amount as numeric(28, 6)) as total_amount,
        cast(coalesce(orders.paid_amount, 0) as numeric(28, 6)) as paid_amount,
        cast(orders.refunded_amount as numeric(28, 6)) as refunded_amount,
        cast(
            orders.total_amount
            - (orders.lines_amount - orders.discount_amount + orders.shipping_amount + orders.tax_amount)
            as numeric(28, 6)
        ) as unexplained_amount,
        cast(case when orders.is_valid then orders.total_amount - coalesce(orders.paid_amount, 0) end as numeric(28, 6))
            as unpaid_amount,
        cast((orders.total_amount - orders.refunded_amount) * orders.project_currency_rate as numeric(28, 6))
            as net_project_amount,
        cast(orders.margin_project_amount as numeric(28, 6)) as margin_project_amount,
        orders.is_valid,
        orders.ordered_at
    from orders_in_their_turn as orders
)

select * from orders
