-- One row: the salt of identifier keys, set once when the first files land.
{{ config(materialized='view', schema='pii') }}

with salts as (
    select salt from {{ ref('stg_onefolk__identifier_salt') }}
)

select * from salts
