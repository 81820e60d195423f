-- One row per shop account that takes advertising, and purpose that it agrees to by that.
-- What an account says now is all that we know: one that takes none may never have been asked, so it says nothing, and
-- ends only what it granted itself. When the box was ticked is not told, so any no since the account was made wins.
with shop_statements as (
    select
        customers.shop_customer_id as record_id,
        purposes.purpose,
        customers.created_at as stated_at
    from {{ ref('stg_commerce__customers') }} as customers
    cross join {{ ref('purposes') }} as purposes
    where customers.accepts_marketing and purposes.is_granted_by_opt_in
)

select * from shop_statements
