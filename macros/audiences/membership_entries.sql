{% macro membership_entries(moves, misses, identity_causes) -%}
    select
        moves.audience,
        moves.entry_key,
        moves.profile_id,
        moves.entry_type,
        case
            when moves.entry_type = 'carried' then 'merge'
            when moves.cause is not null then moves.cause
            when identity_causes.cause is not null then identity_causes.cause
            when moves.entry_type = 'entered' then 'condition'
            -- It is looked at no more, or may not belong: an anonymous profile among customers.
            when misses.conditions is null then 'not_considered'
            when misses.has_expired then 'expiry'
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
{%- endmacro %}
