-- One row per audience: what its guard looks at, apart from who was a member before.
{%- set limits = [] -%}
{%- set exclusions = [] -%}
{%- for name in var('audiences') -%}
    {%- set guards = audience_settings(name).get('guards', {}) -%}
    {%- for raw_table, hours in (guards.get('max_data_age_hours') or {}).items() -%}
        {%- set since = clock() - modules.datetime.timedelta(hours=hours) -%}
        {%- do limits.append((name, raw_table, hours, since.strftime('%Y-%m-%d %H:%M:%S'))) -%}
    {%- endfor -%}
    {%- for other in guards.get('excludes') or [] -%}
        {%- do exclusions.append((name, other)) -%}
    {%- endfor -%}
{%- endfor %}

with candidates as (
    select audience, profile_id from {{ ref('audience_candidates') }}
),

candidate_counts as (
    select audience, count(*) as candidate_count from candidates
    group by audience
),

-- Looked at only for the audiences whose guard asks.
unreachable_counts as (
    select candidates.audience, count(*) as unreachable_count
    from candidates
    inner join {{ ref('audience_definitions') }} as definitions
        on candidates.audience = definitions.audience and definitions.max_unreachable_share is not null
    left join {{ ref('channels') }} as channels on definitions.channel = channels.channel
    inner join {{ ref('profiles') }} as profiles on candidates.profile_id = profiles.profile_id
    where not ({{ has_contact_point('channels.contact_type') }})
    group by candidates.audience
),

exclusions as (
    {{ rows_of(exclusions, ['audience', 'excluded']) }}
),

shared_members as (
    select exclusions.audience, exclusions.excluded, count(*) as overlap_count
    from exclusions
    inner join candidates on exclusions.audience = candidates.audience
    inner join candidates as others
        on exclusions.excluded = others.audience and candidates.profile_id = others.profile_id
    group by exclusions.audience, exclusions.excluded
),

overlap_figures as (
    select
        audience,
        {{ dbt.listagg("overlap_count || ' are also in ' || excluded", "'; '", "order by excluded") }} as overlapping
    from shared_members
    group by audience
),

data_limits as (
    {{ rows_of(limits, ['audience', 'raw_table', 'hours', 'wanted_since']) }}
),

last_landings as (
    select source_name || '.' || table_name as raw_table, max(loaded_at) as loaded_at from {{ ref('landings') }}
    group by source_name, table_name
),

stale_tables as (
    select
        data_limits.audience,
        data_limits.raw_table
        || coalesce(' landed last at ' || cast(last_landings.loaded_at as {{ dbt.type_string() }}), ' never landed')
        || ', wanted within ' || data_limits.hours || ' hours' as figures
    from data_limits
    left join last_landings on data_limits.raw_table = last_landings.raw_table
    where coalesce(last_landings.loaded_at < cast(data_limits.wanted_since as timestamp), true)
),

stale_figures as (
    select audience, {{ dbt.listagg('figures', "'; '", 'order by figures') }} as stale
    from stale_tables
    group by audience
),

figures as (
    select
        definitions.audience,
        overlap_figures.overlapping,
        stale_figures.stale,
        coalesce(candidate_counts.candidate_count, 0) as candidate_count,
        coalesce(unreachable_counts.unreachable_count, 0) as unreachable_count
    from {{ ref('audience_definitions') }} as definitions
    left join candidate_counts on definitions.audience = candidate_counts.audience
    left join unreachable_counts on definitions.audience = unreachable_counts.audience
    left join overlap_figures on definitions.audience = overlap_figures.audience
    left join stale_figures on definitions.audience = stale_figures.audience
)

select * from figures
