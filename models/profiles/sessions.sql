-- One row per session: what one browser or app did without a pause, or a change of campaign, in between.
{{ config(materialized='view', access='public') }}

with sessions as (
    select
        session_id,
        profile_id,
        identifier_key,
        entry_page_path,
        exit_page_path,
        referrer_domain,
        utm_source,
        utm_medium,
        utm_campaign,
        country,
        device_type,
        event_count,
        page_view_count,
        product_view_count,
        duration_s,
        is_bounce,
        has_order,
        started_at,
        ended_at
    from {{ ref('session_facts') }}
    where event_count > 0
)

select * from sessions
