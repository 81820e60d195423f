-- One row per profile seen on the web or in an app: how much lately, what last, and what lies in its cart.
{% set windows = [7, 30, 90] %}

with sessions as (
    select
        profile_id,
        {% for days in windows %}
            cast(
                sum(case when started_at > {{ dbt.dateadd('day', -days, as_of()) }} then 1 else 0 end) as integer
            ) as session_count_{{ days }}d,
            cast(
                sum(
                    case when started_at > {{ dbt.dateadd('day', -days, as_of()) }} then page_view_count else 0 end
                ) as integer
            ) as page_view_count_{{ days }}d,
        {% endfor %}
        cast(count(*) as integer) as session_count,
        max(ended_at) as last_session_at
    from {{ ref('sessions') }}
    where profile_id is not null
    group by profile_id
),

viewed_products as (
    select
        profile_id,
        product_id,
        row_number() over (
            partition by profile_id order by occurred_at desc, {{ byte_order('message_id') }}
        ) as recency
    from {{ ref('session_events') }}
    where profile_id is not null and product_id is not null and event_name = 'Product Viewed'
),

carts as (
    select
        profile_id,
        sum(case when cart_status in ('open', 'abandoned') then cart_project_amount end) as open_cart_amount,
        cast(sum(case when cart_status = 'abandoned' then 1 else 0 end) as integer) as abandoned_cart_count
    from {{ ref('carts') }}
    where profile_id is not null
    group by profile_id
),

traits as (
    select
        sessions.*,
        viewed.product_id as last_viewed_product_id,
        cast(coalesce(carts.open_cart_amount, 0) as numeric(28, 6)) as open_cart_amount,
        coalesce(carts.abandoned_cart_count, 0) as abandoned_cart_count
    from sessions
    left join viewed_products as viewed on sessions.profile_id = viewed.profile_id and viewed.recency = 1
    left join carts on sessions.profile_id = carts.profile_id
)

select * from traits
