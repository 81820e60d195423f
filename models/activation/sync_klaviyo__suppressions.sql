-- One row per e-mail that must get no marketing.
{{ config(access='public') }}

with suppressions as (
    select
        profile_id,
        address as email
    from {{ ref('activation_refusals') }}
    where purpose = 'marketing' and channel = 'email'
)

select * from suppressions
