-- One row per link or mark of account_links, now or before, and the version that changed it last.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['key_a', 'key_b', 'apart_as'],
    on_schema_change='fail'
) }}

{{ link_journal(ref('account_links')) }}

select * from changes
