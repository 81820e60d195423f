-- One row per identifier and period in which it belonged to one profile.
{{ config(access='public') }}

with periods as (
    select
        identifier_key,
        profile_id,
        run_id,
        cause,
        occurred_at as valid_from,
        lead(occurred_at) over (partition by identifier_key order by generation) as valid_to
    from {{ ref('identity_assignments') }}
),

-- What two builds by one clock changed and changed back was true for no time.
history as (
    select
        identifier_key,
        profile_id,
        run_id,
        valid_from,
        cause,
        valid_to is null as is_current,
        valid_to
    from periods
    where profile_id is not null and (valid_to is null or valid_to > valid_from)
)

select * from history
