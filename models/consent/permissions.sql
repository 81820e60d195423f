-- One row per profile, purpose and channel on which something is known: whether it is allowed, and why.
{{ config(access='public') }}

with known_profiles as (
    select distinct profile_id from {{ ref('identifiers') }}
    where is_known
),

judgements as (
    select
        profile_id,
        purpose,
        channel,
        record_id,
        record_source,
        legal_basis,
        reason,
        is_allowed,
        stated_at,
        valid_until
    from {{ ref('identifier_permissions') }}
    where not is_replaced
    union all
    select
        profile_id,
        purpose,
        channel,
        request_id as record_id,
        'stg_privacy__requests' as record_source,
        legal_basis,
        reason,
        false as is_allowed,
        requested_at as stated_at,
        cast(null as timestamp) as valid_until
    from {{ ref('standing_objections') }}
    union all
    -- What rests on a contract or a legitimate interest stands until the person objects.
    select
        known_profiles.profile_id,
        purposes.purpose,
        channels.channel,
        cast(null as {{ dbt.type_string() }}) as record_id,
        cast(null as {{ dbt.type_string() }}) as record_source,
        purposes.legal_basis,
        'standing' as reason,
        true as is_allowed,
        cast(null as timestamp) as stated_at,
        cast(null as timestamp) as valid_until
    from known_profiles
    cross join {{ ref('purposes') }} as purposes
    cross join {{ ref('channels') }} as channels
    where purposes.legal_basis <> 'consent'
),

-- Where the identifiers of one person disagree, the stricter statement wins; any statement says more than silence.
ranked_judgements as (
    select
        *,
        row_number() over (
            partition by profile_id, purpose, channel
            order by
                case when is_allowed then 1 else 0 end,
                case when record_source = 'stg_privacy__requests' then 0 when record_id is not null then 1 else 2 end,
                case when stated_at is null then 1 else 0 end,
                stated_at desc,
                {{ byte_order('record_source') }},
                {{ byte_order('record_id') }},
                reason
        ) as strictness
    from judgements
),

-- Who can't be reached is not written to, whatever they agreed to.
permissions as (
    select
        judged.profile_id,
        judged.purpose,
        judged.channel,
        case when bounced.profile_id is null then judged.record_id else bounced.message_event_id end as record_id,
        case when bounced.profile_id is null then judged.record_source else 'stg_engagement__message_events' end
            as record_source,
        judged.legal_basis,
        case when bounced.profile_id is null then judged.reason else 'bounced' end as reason,
        judged.is_allowed and bounced.profile_id is null as is_allowed,
        case when bounced.profile_id is null then judged.stated_at else bounced.bounced_at end as stated_at,
        case when bounced.profile_id is null then judged.valid_until end as valid_until
    from ranked_judgements as judged
    left join {{ ref('bounced_channels') }} as bounced
        on judged.profile_id = bounced.profile_id and judged.channel = bounced.channel and judged.is_allowed
    where judged.strictness = 1
)

select * from permissions
