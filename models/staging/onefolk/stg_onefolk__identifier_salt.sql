-- One row per project: the salt that keys of identifiers are made with.
with source as (
    select salt from {{ source('onefolk', 'identifier_salt') }}
)

select * from source
