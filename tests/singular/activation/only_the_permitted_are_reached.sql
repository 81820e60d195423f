-- Fails if somebody stands in the door to the destinations without a permission for their purpose and channel.
with reached as (
    select profile_id, purpose, channel from {{ ref('activation_door') }}
),

-- Which records there are of a yes, and which requests of a no, is asked again where it is written.
unpermitted as (
    select
        reached.profile_id,
        reached.purpose,
        reached.channel,
        permissions.reason
    from reached
    left join {{ ref('permissions') }} as permissions
        on
            reached.profile_id = permissions.profile_id
            and reached.purpose = permissions.purpose
            and reached.channel = permissions.channel
            and permissions.is_allowed
    left join {{ ref('purposes') }} as purposes on reached.purpose = purposes.purpose
    left join {{ ref('stg_consent__records') }} as records
        on permissions.record_source = 'stg_consent__records' and permissions.record_id = records.consent_id
    where
        permissions.profile_id is null
        or permissions.reason not in ('granted', 'standing')
        or (purposes.legal_basis = 'consent' and permissions.record_id is null)
        or (
            permissions.record_source = 'stg_consent__records'
            and (
                lower(records.consent_status) <> 'granted'
                or lower(records.purpose) <> reached.purpose
                or lower(coalesce(records.channel, reached.channel)) <> reached.channel
                or records.collected_at > {{ as_of() }}
                or records.valid_until <= {{ as_of() }}
            )
        )
)

select * from unpermitted
