{#- The last row that begins, carries or ends an id's membership tells whether it has one. -#}
{% macro memberships(log_rows) -%}
    select
        turns.audience,
        turns.profile_id,
        min(turns.qualified_at) as qualified_at,
        min(turns.entered_at) as entered_at
    from (
        select audience, profile_id, generation, entry_type <> 'left' as is_member, qualified_at, entered_at
        from {{ log_rows }}
        where profile_id is not null
        union all
        -- Carried over or ended under another id, so no longer a membership of this one.
        select audience, entry_key, generation, false as is_member, qualified_at, entered_at
        from {{ log_rows }}
        where profile_id <> entry_key
    ) as turns
    inner join (
        select audience, id, max(generation) as generation
        from (
            select audience, profile_id as id, generation from {{ log_rows }}
            where profile_id is not null
            union all
            select audience, entry_key as id, generation from {{ log_rows }}
            where profile_id <> entry_key
        ) as touches
        group by audience, id
    ) as latest
        on turns.audience = latest.audience and turns.profile_id = latest.id and turns.generation = latest.generation
    where turns.is_member
    group by turns.audience, turns.profile_id
{%- endmacro %}
