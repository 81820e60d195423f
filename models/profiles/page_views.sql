-- One row per page or screen that somebody looked at.
{{ config(materialized='view', access='public') }}

with page_views as (
    select
        message_id as page_view_id,
        session_id,
        profile_id,
        identifier_key,
        page_path,
        page_title,
        referrer_domain,
        session_page_number,
        occurred_at
    from {{ ref('session_events') }}
    where is_page_view
)

select * from page_views
