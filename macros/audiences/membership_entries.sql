{% macro membership_entries(moves, misses, identity_causes, log_rows) -%}
    select
        moves.audience,
        moves.entry_key,
        moves.profile_id,
        moves.entry_type,
        case
            when moves.entry_type = 'carried' then 'merge'
            when moves.cause is not null then moves.cause
            when misses.conditions is not null and misses.has_expired then 'expiry'
            -- What came to hold only since the last run is news, also of a profile that became one of two meanwhile.
            when moves.conditions is not null and moves.qualified_at > last_runs.occurred_at then 'condition'
            when identity_causes.cause is not null then identity_causes.cause
            when moves.entry_type = 'entered' then 'condition'
            -- It is looked at no more, or may not belong: an anonymous profile among customers.
            when misses.conditions is null then 'not_considered'
            else 'condition'
        end as cause,
        coalesce(moves.conditions, misses.conditions) as conditions,
        moves.qualified_at,
        moves.entered_at
    from {{ moves }} as moves
    left join {{ misses }} as misses
        on
            moves.entry_type = 'left'
            and moves.audience = misses.audience
            and moves.profile_id = misses.profile_id
    left join {{ identity_causes }} as identity_causes on moves.profile_id = identity_causes.profile_id
    cross join (select max(occurred_at) as occurred_at from {{ log_rows }}) as last_runs
{%- endmacro %}
