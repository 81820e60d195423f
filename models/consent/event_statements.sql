-- One row per choice in a consent banner, purpose and channel that its categories are about.
with categories as (
    select lower(category) as category, purpose, channel from {{ ref('consent_categories') }}
    where purpose is not null
),

-- Of the version of the message that counts.
told_preferences as (
    select
        preferences.message_id,
        lower(preferences.category) as category,
        preferences.is_agreed,
        events.occurred_at
    from {{ ref('stg_events__consent_preferences') }} as preferences
    inner join {{ ref('stg_events__events') }} as events
        on
            preferences.message_id = events.message_id
            and preferences.source_file = events.source_file
            and preferences.source_row = events.source_row
            and preferences.loaded_at = events.loaded_at
),

messages as (
    select distinct message_id, occurred_at from told_preferences
),

-- Banners tell all choices each time: what one leaves out is no longer agreed to.
choices as (
    select
        messages.message_id,
        categories.purpose,
        categories.channel,
        count(told_preferences.category) as told_count,
        count(case when told_preferences.is_agreed then 1 end) as agreed_count,
        messages.occurred_at
    from messages
    cross join categories
    left join told_preferences
        on messages.message_id = told_preferences.message_id and categories.category = told_preferences.category
    group by messages.message_id, categories.purpose, categories.channel, messages.occurred_at
),

-- The person is whom the strongest identifier names: a browser may be another's.
event_statements as (
    select
        choices.message_id as record_id,
        records.identifier_key,
        choices.purpose,
        coalesce(choices.channel, '*') as channel,
        case
            when choices.told_count > 0 and choices.agreed_count = choices.told_count then 'granted' else 'refused'
        end as said,
        choices.told_count > 0 and choices.agreed_count = choices.told_count as is_grant,
        choices.agreed_count < choices.told_count as is_objection,
        choices.occurred_at as stated_at
    from choices
    inner join {{ ref('record_identifiers') }} as records
        on records.record_source = 'stg_events__events' and choices.message_id = records.record_id
)

select * from event_statements
