-- One row per generation and what was decided in it of an audience: its guard, an entry, an exit, a carried membership.
{{ config(
    materialized='incremental', full_refresh=false, on_schema_change='append_new_columns', incremental_strategy='append'
) }}
{% do refuse_earlier_clock(this, 'occurred_at') %}

with log_rows as (
    {{ rows_so_far(this, {
        'audience': dbt.type_string(), 'entry_key': dbt.type_string(), 'profile_id': dbt.type_string(),
        'entry_type': dbt.type_string(), 'definition': dbt.type_string(), 'reasons': dbt.type_string(),
        'generation': 'bigint', 'candidate_count': 'bigint', 'member_count': 'bigint', 'is_open': 'boolean',
        'is_overridden': 'boolean', 'qualified_at': 'timestamp', 'entered_at': 'timestamp', 'occurred_at': 'timestamp',
    }) }}
),

memberships as (
    {{ memberships('log_rows') }}
),

-- Whom each former member stands for now: after a merge another id, after its end nobody.
members_before as (
    select
        memberships.audience,
        memberships.profile_id as entry_key,
        ids.live_profile_id as profile_id,
        coalesce(ids.is_ambiguous, false) as is_ambiguous,
        memberships.qualified_at,
        memberships.entered_at
    from memberships
    left join {{ ref('profile_id_map') }} as ids on memberships.profile_id = ids.profile_id
),

proposals as (
    {{ membership_proposals('members_before', ref('audience_candidates')) }}
),

verdicts as (
    {{ guard_verdicts(
        'log_rows', 'members_before', 'proposals', ref('audience_definitions'), ref('audience_figures')
    ) }}
),

moves as (
    {{ membership_moves('members_before', 'proposals', 'verdicts') }}
),

leaving as (
    {{ leaving_members('moves', this) }}
),

misses as (
    {% for name in var('audiences') %}
        {{ condition_misses(name) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

identity_causes as (
    {{ identity_causes(ref('identity_events'), 'log_rows') }}
),

entries as (
    {{ membership_entries('moves', 'misses', 'identity_causes', 'log_rows') }}
),

changed_audiences as (
    select distinct audience from entries
),

decisions as (
    select
        verdicts.audience,
        'guard' as entry_key,
        cast(null as {{ dbt.type_string() }}) as profile_id,
        'guard' as entry_type,
        cast(null as {{ dbt.type_string() }}) as cause,
        cast(null as {{ dbt.type_string() }}) as conditions,
        cast(null as timestamp) as qualified_at,
        cast(null as timestamp) as entered_at
    from verdicts
    left join changed_audiences on verdicts.audience = changed_audiences.audience
    where verdicts.is_news or changed_audiences.audience is not null
    union all
    select * from entries
),

generations as (
    select coalesce(max(generation), 0) as last_generation from log_rows
),

log as (
    select
        decisions.audience,
        decisions.entry_key,
        decisions.profile_id,
        '{{ invocation_id }}' as run_id,
        decisions.entry_type,
        decisions.cause,
        decisions.conditions,
        verdicts.definition,
        verdicts.reasons,
        verdicts.figures,
        cast(generations.last_generation + 1 as bigint) as generation,
        verdicts.candidate_count,
        verdicts.member_count,
        verdicts.entered_count,
        verdicts.left_count,
        verdicts.is_open,
        verdicts.is_overridden,
        decisions.qualified_at,
        decisions.entered_at,
        {{ as_of() }} as occurred_at
    from decisions
    left join verdicts on decisions.audience = verdicts.audience and decisions.entry_type = 'guard'
    cross join generations
)

select * from log
