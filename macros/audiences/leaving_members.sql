{#-
    The members come after the log, so they can't be referred to: what stands there now is what the last run made. Where
    nothing does, nothing is known of ends that have come.
-#}
{% macro leaving_members(moves, log) -%}
    {%- set members = adapter.get_relation(log.database, log.schema, 'audience_members') if execute else none -%}
    select
        moves.audience,
        moves.profile_id,
        {{ 'max(members.expires_at)' if members else 'cast(null as timestamp)' }} as expires_at
    from {{ moves }} as moves
    {% if members -%}
        left join {{ members }} as members
            on moves.audience = members.audience and moves.entry_key = members.profile_id
    {% endif -%}
    where moves.entry_type = 'left'
    group by moves.audience, moves.profile_id
{%- endmacro %}
