-- One row per profile, type of contact point and value: an e-mail, a phone, a name, an address, a birth date.
{{ config(access='public', grants=readers()) }}

with ranked_values as (
    select * from {{ ref('surviving_values') }}
    where field in ('email', 'phone', 'first_name', 'last_name', 'address', 'birth_date')
),

contact_points as (
    select
        ranked.profile_id,
        ranked.sample_record_id,
        ranked.field as contact_type,
        ranked.field_value as contact_value,
        ranked.record_source as contact_source,
        ranked.data_party,
        ranked.validity,
        case
            when ranked.preference = 1 and ranked.validity in ('valid', 'disposable') then null
            when ranked.validity <> best.validity or ranked.preference = 1 then ranked.validity
            when ranked.party_rank > best.party_rank then 'other_party'
            when ranked.strategy = 'most_trusted' and ranked.source_rank > best.source_rank then 'less_trusted_source'
            when ranked.strategy = 'most_frequent' and ranked.value_record_count < best.value_record_count
                then 'stated_less_often'
            when ranked.strategy = 'first' then 'seen_later'
            else 'seen_earlier'
        end as lost_reason,
        cast(ranked.value_record_count as integer) as record_count,
        ranked.preference = 1 and ranked.validity in ('valid', 'disposable') as is_primary,
        ranked.value_first_seen_at as first_seen_at,
        ranked.value_last_seen_at as last_seen_at
    from ranked_values as ranked
    inner join ranked_values as best
        on ranked.profile_id = best.profile_id and ranked.field = best.field and best.preference = 1
)

select * from contact_points
