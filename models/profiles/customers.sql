-- One row per customer: a profile with an e-mail, phone, CRM, shop, loyalty or user id.
{{ config(access='public') }}

with customers as (
    select * from {{ ref('profiles') }}
    where is_known
)

select * from customers
