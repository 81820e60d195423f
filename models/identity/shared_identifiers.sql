-- One row per identifier that more people share than its type allows: how many.
with types as (
    select identifier_type, joins_people, max_profiles_per_value from {{ ref('identifier_types') }}
),

observations as (
    select
        observations.record_source,
        observations.record_id,
        observations.identifier_key,
        observations.identifier_type,
        -- A device names nobody, so it claims no value: only what may join people does.
        types.joins_people <> 'never' as is_claimant,
        row_number() over (
            partition by observations.record_source, observations.record_id
            order by
                case when types.joins_people = 'never' then 1 else 0 end,
                observations.strength,
                observations.identifier_key
        ) as strength_rank
    from {{ ref('identifier_observations') }} as observations
    inner join types on observations.identifier_type = types.identifier_type
    where observations.rejected_reason is null and observations.data_party = 'first'
),

observations_beside_claimants as (
    select
        identifier_key,
        identifier_type,
        strength_rank,
        max(case when strength_rank = 1 and is_claimant then identifier_key end)
            over (partition by record_source, record_id) as strongest_key,
        max(case when strength_rank = 2 and is_claimant then identifier_key end)
            over (partition by record_source, record_id) as second_key
    from observations
),

-- A value is claimed by the strongest identifier beside it in each of its records.
claims as (
    select distinct
        identifier_key,
        identifier_type,
        case when strength_rank = 1 then second_key else strongest_key end as claimant_key
    from observations_beside_claimants
),

claims_per_identifier as (
    select
        identifier_key,
        identifier_type,
        count(claimant_key) as claimant_count
    from claims
    group by identifier_key, identifier_type
),

shared as (
    select
        claims.identifier_key,
        claims.claimant_count
    from claims_per_identifier as claims
    inner join types on claims.identifier_type = types.identifier_type
    where claims.claimant_count > types.max_profiles_per_value
)

select * from shared
