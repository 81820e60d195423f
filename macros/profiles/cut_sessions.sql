{#- A session ends after a pause, and where another campaign or another click on an advertisement is named. -#}
{% macro cut_sessions(visits) -%}
{%- set names = ['campaign', 'click_id'] -%}
{%- set by_time = 'order by occurred_at, ' ~ onefolk.byte_order('message_id') -%}
{%- set so_far = by_time ~ ' rows unbounded preceding' -%}
    with 

    select * from numbered
{%- endmacro %}
