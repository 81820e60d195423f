-- One row per profile, purpose, channel and request that rules it out, as long as the person doesn't agree anew.
with agreements as (
    select
        profile_id,
        identifier_key,
        purpose,
        channel,
        agreed_at,
        belongs_since
    from {{ ref('identifier_permissions') }}
    where agreed_at is not null
),

-- Only a record of consent speaks against a request: made after it, by an identifier that the request is about or that
-- was the person's by then.
lifted_objections as (
    select
        suppressed.profile_id,
        suppressed.request_id,
        suppressed.reason,
        agreements.purpose,
        agreements.channel
    from {{ ref('suppressed_profiles') }} as suppressed
    inner join agreements on suppressed.profile_id = agreements.profile_id
    left join {{ ref('suppressions') }} as suppressions
        on
            suppressed.request_id = suppressions.request_id
            and suppressed.reason = suppressions.reason
            and agreements.identifier_key = suppressions.identifier_key
    where
        agreements.agreed_at > suppressed.requested_at
        and (
            suppressions.identifier_key is not null
            or (agreements.agreed_at >= agreements.belongs_since and agreements.agreed_at >= suppressed.belongs_since)
        )
),

standing_objections as (
    select
        suppressed.profile_id,
        suppressed.request_id,
        purposes.purpose,
        channels.channel,
        purposes.legal_basis,
        suppressed.reason,
        suppressed.requested_at
    from {{ ref('suppressed_profiles') }} as suppressed
    cross join {{ ref('purposes') }} as purposes
    cross join {{ ref('channels') }} as channels
    where
        not exists (
            select 1 from lifted_objections as lifted
            where
                lifted.profile_id = suppressed.profile_id
                and lifted.request_id = suppressed.request_id
                and lifted.reason = suppressed.reason
                and lifted.purpose = purposes.purpose
                and lifted.channel = channels.channel
        )
)

select * from standing_objections
