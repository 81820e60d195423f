-- One row per customer who may be written to by e-mail for marketing: what messages may speak of.
{{ config(access='public') }}

with profiles as (
    select
        profile_id,
        email,
        case when may_be_texted then phone end as phone,
        first_name,
        last_name,
        lifecycle_stage,
        audiences,
        order_count,
        net_revenue_amount,
        last_ordered_at
    from {{ ref('activation_customers') }}
    where may_be_emailed
)

select * from profiles
