-- One row per thing that somebody did lately, with the properties that audiences ask for.
{{ config(materialized='view') }}
{%- set properties = var('audience_event_properties') -%}
{%- set told_apart = properties | select('in', var('event_properties')) | list -%}
{%- set in_columns = properties | reject('in', var('event_properties')) | list -%}
{%- set is_recent -%}
    {{ 'occurred_at >= ' ~ days_ago(var('audience_event_days')) ~ ' and occurred_at <= ' ~ skewed(as_of()) }}
{%- endset -%}

with events as (
    select
        event_source,
        event_id,
        profile_id,
        {% for property in in_columns %}
            {{ property }},
        {% endfor %}
        event_name,
        occurred_at
    from {{ ref('events') }}
    where profile_id is not null and data_party = 'first' and {{ is_recent }}
),

-- What a purchase was of stands in its lines; the timeline tells of the purchase alone.
bought_products as (
    select
        order_source,
        order_id,
        cast(line_no as {{ dbt.type_string() }}) as line_no,
        profile_id,
        product_id,
        category,
        currency,
        'Product Bought' as event_name,
        ordered_at as occurred_at
    from {{ ref('order_lines') }}
    where profile_id is not null and is_valid
),

{% if told_apart %}
    told_properties as (
        select
            event_id,
            {% for property in told_apart %}
                max(case when property_name = '{{ property }}' then property_value end) as {{ property }}
                {{- ',' if not loop.last }}
            {% endfor %}
        from {{ ref('event_properties') }}
        where property_name in ('{{ told_apart | join("', '") }}')
        group by event_id
    ),
{% endif %}

recent_events as (
    select
        events.event_source,
        events.event_id,
        events.profile_id,
        events.event_name,
        {% for property in properties %}
            {{ 'told' if property in told_apart else 'events' }}.{{ property }},
        {% endfor %}
        {{ local_date('events.occurred_at') }} as event_date,
        events.occurred_at
    from events
    {% if told_apart %}
        left join told_properties as told on events.event_source = 'events' and events.event_id = told.event_id
    {% endif %}
    union all
    select
        'order_lines' as event_source,
        order_source || '|' || order_id || '|' || line_no as event_id,
        profile_id,
        event_name,
        {% for property in properties %}
            {% if property in ['product_id', 'category', 'currency'] %}
                {{ property }},
            {% else %}
                cast(null as {{ dbt.type_string() }}) as {{ property }},
            {% endif %}
        {% endfor %}
        {{ local_date('occurred_at') }} as event_date,
        occurred_at
    from bought_products
    where {{ is_recent }}
)

select * from recent_events
