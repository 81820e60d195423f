-- One row per list and entry of it: what a column of profiles may hold, or the profile that an id or identifier stands for now.
with entries as (
    select
        list_name,
        entry_type,
        entry
    from {{ ref('list_entries') }}
),

current_entries as (
    select
        entries.list_name,
        case entries.entry_type
            when 'profile_id' then ids.live_profile_id
            when 'identifier_key' then identifiers.profile_id
            else entries.entry
        end as entry
    from entries
    left join {{ ref('profile_id_map') }} as ids
        on entries.entry_type = 'profile_id' and entries.entry = ids.profile_id
    left join {{ ref('identifiers') }} as identifiers
        on entries.entry_type = 'identifier_key' and entries.entry = identifiers.identifier_key
),

audience_lists as (
    select distinct
        list_name,
        entry
    from current_entries
    where entry is not null
)

select * from audience_lists
