-- One row per recent buyer of whom advertising companies may be told.
{{ config(access='public') }}

with rows_to_hold as (
    select
        profile_id,
        email,
        phone,
        first_name,
        last_name,
        city,
        postcode,
        country,
        'GRANTED' as ad_user_data,
        case when is_personalisation_allowed then 'GRANTED' else 'DENIED' end as ad_personalization
    from {{ ref('activation_door') }}
    where
        audience = 'recent_buyers'
        and purpose = 'advertising'
        and channel = 'ads'
        -- Of whom one of the signals is a no, an advertising company is told nothing.
        and is_personalisation_allowed
)

select * from rows_to_hold
