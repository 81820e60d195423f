-- One row per repeat buyer who may be written to by e-mail for marketing.
{{ config(access='public') }}

with members as (
    select
        profile_id,
        email
    from {{ ref('activation_door') }}
    where audience = 'repeat_buyers' and channel = 'email' and email is not null
)

select * from members
