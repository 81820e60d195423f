-- One row per record of consent: what it says in words that we know, and what is wrong with it.
with purposes as (
    select purpose, legal_basis from {{ ref('purposes') }}
),

channels as (
    select channel from {{ ref('channels') }}
),

said_records as (
    select
        consent_id,
        nullif(lower(purpose), '') as purpose,
        nullif(lower(channel), '') as channel,
        nullif(lower(legal_basis), '') as legal_basis,
        case lower(consent_status)
            when 'granted' then 'granted'
            when 'denied' then 'refused'
            when 'revoked' then 'withdrawn'
            when 'expired' then 'ran_out'
            else 'unknown'
        end as said,
        collected_at,
        valid_until,
        loaded_at
    from {{ ref('stg_consent__records') }}
),

known_records as (
    select
        said_records.*,
        said_records.said = 'granted' as says_yes,
        purposes.purpose as known_purpose,
        channels.channel as known_channel,
        said_records.channel is not null and channels.channel is null as is_unknown_channel
    from said_records
    left join purposes on said_records.purpose = purposes.purpose
    left join channels on said_records.channel = channels.channel
),

-- A yes has to say to what; a no that is unclear is about more rather than less. What somebody says to a purpose of
-- another system is about that system.
record_statements as (
    select
        consent_id as record_id,
        coalesce(known_purpose, '*') as purpose,
        coalesce(known_channel, '*') as channel,
        case when said = 'unknown' then 'refused' else said end as said,
        case
            when purpose is not null and known_purpose is null then 'unknown_purpose'
            when says_yes and purpose is null then 'no_purpose'
            when is_unknown_channel then 'unknown_channel'
            when says_yes and coalesce(legal_basis, 'consent') <> 'consent' then 'other_legal_basis'
            when said = 'unknown' then 'unknown_status'
            when valid_until <= collected_at then 'ends_before_it_begins'
        end as problem,
        says_yes as is_grant,
        said in ('refused', 'withdrawn') as is_objection,
        not (purpose is not null and known_purpose is null)
        and not (
            says_yes
            and (purpose is null or is_unknown_channel or coalesce(legal_basis, 'consent') <> 'consent')
        ) as is_heard,
        -- A yes of an unknown time is older than whatever else is said; a no counts from when we learn of it.
        case when says_yes then collected_at else coalesce(collected_at, loaded_at) end as stated_at,
        valid_until
    from known_records
)

select * from record_statements
