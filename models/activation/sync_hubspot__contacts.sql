-- One row per customer who may be served: what the CRM shows beside what people typed there.
{{ config(access='public') }}

with contacts as (
    select
        profile_id,
        email,
        lifecycle_stage,
        audiences,
        order_count,
        open_ticket_count,
        net_revenue_amount,
        coalesce(';' || audiences || ';' like '%;repeat_buyers;%', false) as is_repeat_buyer,
        last_ordered_at
    from {{ ref('activation_customers') }}
)

select * from contacts
