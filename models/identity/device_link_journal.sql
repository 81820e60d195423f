-- One row per link or mark of device_links, now or before, and the version that changed it last.
{{ config(materialized='incremental', unique_key=['key_a', 'key_b', 'apart_as']) }}

{{ link_journal(ref('device_links')) }}

select * from changes
