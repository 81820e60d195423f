-- One row: the salt that keys of identifiers are made with.
with source as (
    select * from {{ source('onefolk', 'identifier_salt') }}
)

select salt from source
