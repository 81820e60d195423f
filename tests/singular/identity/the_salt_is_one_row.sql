-- Fails if there is no salt, which would leave everybody without an identifier, or more than one.
with salts as (
    select count(*) as salt_count from {{ ref('identifier_salt') }}
)

select * from salts
where salt_count <> 1
