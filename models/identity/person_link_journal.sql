-- One row per link or mark of person_links, now or before, and the version that changed it last.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['key_a', 'key_b', 'apart_as'],
    on_schema_change='fail'
) }}

{{ link_journal(ref('person_links')) }}

select * from changes
