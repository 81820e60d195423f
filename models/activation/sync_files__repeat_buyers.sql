-- One row per repeat buyer who may be written to by e-mail for marketing.
{{ config(access='public') }}

with rows_to_hold as (
    select
        profile_id,
        email,
        first_name,
        last_name
    from {{ ref('activation_door') }}
    where audience = 'repeat_buyers' and channel = 'email' and email is not null
)

select * from rows_to_hold
