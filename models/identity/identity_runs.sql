-- One row per run of the identity room that found something else than the run before it.
{{ config(access='public', materialized='incremental', full_refresh=false, on_schema_change='append_new_columns') }}

{%- set reasons = [
    'blocked_value', 'degree_limit', 'low_confidence', 'expired', 'no_consent', 'contested_value', 'unique_limit',
    'forced_split', 'size_limit',
] -%}

with profile_sizes as (
    select
        profile_id,
        count(*) as identifier_count
    from {{ ref('identifiers') }}
    group by profile_id
),

profile_figures as (
    select
        coalesce(sum(identifier_count), 0) as identifier_count,
        count(*) as profile_count,
        coalesce(max(identifier_count), 0) as largest_profile_identifier_count,
        coalesce(sum(case when identifier_count > 1 then identifier_count end), 0) as stitched_identifier_count
    from profile_sizes
),

round_figures as (
    select coalesce(max(round_count), 0) as round_count from {{ ref('device_components') }}
),

link_figures as (
    select
        {% for reason in reasons %}
            coalesce(sum(case when rejected_reason = '{{ reason }}' then 1 else 0 end), 0) as {{ reason }}_count,
        {% endfor %}
        coalesce(sum(case when rejected_reason is null then 1 else 0 end), 0) as link_count,
        coalesce(sum(case when rejected_reason is null then 0 else 1 end), 0) as rejected_link_count
    from {{ ref('judged_links') }}
),

form_figures as (
    select coalesce(sum(case when rejected_reason is null then 0 else 1 end), 0) as rejected_form_count
    from {{ ref('identifier_forms') }}
),

move_figures as (
    select
        coalesce(max(generation), 0) as generation,
        coalesce(sum(case when run_id = '{{ invocation_id }}' then uncaused_count else 0 end), 0) as churn_count,
        coalesce(
            sum(
                case
                    when run_id = '{{ invocation_id }}' and from_profile_id <> '' and to_profile_id <> ''
                        then identifier_count
                    else 0
                end
            ),
            0
        ) as moved_identifier_count
    from {{ ref('profile_moves') }}
),

this_run as (
    select
        '{{ invocation_id }}' as run_id,
        {{ dbt.hash("'onefolk salt check' || salts.salt") }} as salt_fingerprint,
        cast(move_figures.generation as bigint) as generation,
        cast(profile_figures.identifier_count as bigint) as identifier_count,
        cast(profile_figures.profile_count as bigint) as profile_count,
        cast(profile_figures.largest_profile_identifier_count as bigint) as largest_profile_identifier_count,
        cast(link_figures.link_count as bigint) as link_count,
        cast(link_figures.rejected_link_count as bigint) as rejected_link_count,
        cast(form_figures.rejected_form_count as bigint) as rejected_form_count,
        cast(profile_figures.stitched_identifier_count as bigint) as stitched_identifier_count,
        cast(round_figures.round_count as integer) as round_count,
        cast(move_figures.moved_identifier_count as bigint) as moved_identifier_count,
        cast(move_figures.churn_count as bigint) as churn_count,
        {% for reason in reasons %}
            cast(link_figures.{{ reason }}_count as bigint) as {{ reason }}_count,
        {% endfor %}
        cast(
            case
                when profile_figures.identifier_count > 0
                    then 1.0 * profile_figures.stitched_identifier_count / profile_figures.identifier_count
                else 0
            end as numeric(28, 6)
        ) as stitch_rate,
        {{ as_of() }} as occurred_at
    from profile_figures
    cross join round_figures
    cross join link_figures
    cross join form_figures
    cross join move_figures
    cross join {{ ref('identifier_salt') }} as salts
),

new_run as (
    select * from this_run
    {% if is_incremental() %}
        where
            not exists (
                select 1
                from {{ this }} as earlier
                where
                    earlier.occurred_at = this_run.occurred_at
                    and earlier.salt_fingerprint = this_run.salt_fingerprint
                    and earlier.identifier_count = this_run.identifier_count
                    and earlier.profile_count = this_run.profile_count
                    and earlier.link_count = this_run.link_count
                    and earlier.rejected_link_count = this_run.rejected_link_count
            )
    {% endif %}
)

select * from new_run
