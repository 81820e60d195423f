-- One row per message that a web page, app or server sent.
{{ config(materialized='incremental', unique_key='message_id') }}
{% set context_paths = [
    'device.id', 'ip', 'userAgent', 'page.url', 'page.path', 'page.referrer', 'page.title', 'campaign.source',
    'campaign.medium', 'campaign.name', 'location.country', 'traits.email', 'traits.phone',
] %}
{% set property_paths = [
    'cart_id', 'order_id', 'product_id', 'sku', 'name', 'category', 'currency', 'coupon', 'query', 'email', 'phone',
    'price', 'quantity', 'total', 'revenue',
] %}
{% set trait_paths = ['email', 'phone', 'country', 'address.country'] %}
{# What advertising networks put into the address of the page that a click leads to. #}
{% set click_parameters = [
    'gclid', 'gbraid', 'wbraid', 'dclid', 'msclkid', 'fbclid', 'ttclid', 'twclid', 'li_fat_id', 'yclid',
] %}

with source as (
    select
        *,
        {{ json_fields('context', context_paths) }} as context_fields,
        {{ json_fields('properties', property_paths) }} as property_fields,
        {{ json_fields('traits', trait_paths) }} as trait_fields,
        {{ version_rank('events', 'events') }} as version_rank
    from {{ source('events', 'events') }}
    where {{ is_readable('events', 'events') }}
),

latest as (
    select
        {% for path in context_paths %}
            {{ json_field('context_fields', path, context_paths) }} as context_{{ path.replace('.', '_').lower() }},
        {% endfor %}
        {% for path in property_paths %}
            {{ json_field('property_fields', path, property_paths) }} as property_{{ path }},
        {% endfor %}
        {% for path in trait_paths %}
            {{ json_field('trait_fields', path, trait_paths) }} as trait_{{ path.replace('.', '_') }},
        {% endfor %}
        *
    from source
    where version_rank = 1
),

renamed as (
    select
        {{ try_to('text', 'message_id') }} as message_id,
        {{ try_to('text', 'user_id') }} as user_id,
        {{ try_to('text', 'anonymous_id') }} as anonymous_id,
        {{ try_to('text', 'previous_id') }} as previous_id,
        {{ try_to('text', 'group_id') }} as group_id,
        {{ try_to('text', 'context_device_id') }} as device_id,
        {{ try_to('text', 'property_cart_id') }} as cart_id,
        {{ try_to('text', 'property_order_id') }} as order_id,
        {{ try_to('text', 'property_product_id') }} as product_id,
        substr(
            {{ regex_extract('context_page_url', '[?&](' ~ click_parameters | join('|') ~ ')=[^&#]+') }}, 2
        ) as click_id,
        {{ try_to('text', 'type') }} as event_type,
        {{ try_to('text', 'event') }} as event_name,
        coalesce(
            {{ try_to('text', 'trait_email') }},
            {{ try_to('text', 'context_traits_email') }},
            {{ try_to('text', 'property_email') }}
        ) as email,
        coalesce(
            {{ try_to('text', 'trait_phone') }},
            {{ try_to('text', 'context_traits_phone') }},
            {{ try_to('text', 'property_phone') }}
        ) as phone,
        {{ truncated_ip('context_ip') }} as ip_truncated,
        {{ try_to('text', 'context_useragent') }} as user_agent,
        {{ try_to('text', 'context_page_url') }} as page_url,
        {{ try_to('text', 'context_page_path') }} as page_path,
        {{ try_to('text', 'context_page_referrer') }} as page_referrer,
        {{ try_to('text', 'context_page_title') }} as page_title,
        {{ try_to('text', 'context_campaign_source') }} as utm_source,
        {{ try_to('text', 'context_campaign_medium') }} as utm_medium,
        {{ try_to('text', 'context_campaign_name') }} as utm_campaign,
        {{ try_to('text', 'property_sku') }} as product_sku,
        case when type = 'track' then {{ try_to('text', 'property_name') }} end as product_name,
        {{ try_to('text', 'property_category') }} as product_category,
        {{ try_to('text', 'property_currency') }} as currency,
        {{ try_to('text', 'property_coupon') }} as coupon_code,
        {{ try_to('text', 'property_query') }} as search_query,
        coalesce(
            {{ try_to('text', 'context_location_country') }},
            {{ try_to('text', 'trait_address_country') }},
            {{ try_to('text', 'trait_country') }}
        ) as country,
        {{ try_to('numeric(28,6)', 'property_price') }} as price_amount,
        {{ try_to('numeric(28,6)', 'property_quantity') }} as quantity,
        coalesce(
            {{ try_to('numeric(28,6)', 'property_total') }},
            {{ try_to('numeric(28,6)', 'property_revenue') }}
        ) as total_amount,
        coalesce({{ try_to('timestamp', 'timestamp') }}, {{ try_to('timestamp', 'received_at') }}) as occurred_at,
        {{ try_to('timestamp', 'original_timestamp') }} as original_timestamp,
        {{ try_to('timestamp', 'sent_at') }} as sent_at,
        {{ try_to('timestamp', 'received_at') }} as received_at,
        _source_instance as source_instance,
        _source_file as source_file,
        _source_row as source_row,
        _loaded_at as loaded_at,
        {{ as_of() }} as staged_at
    from latest
),

unstaged as (
    select * from renamed
    where {{ is_newer_than_staged('message_id') }}
)

select * from unstaged
