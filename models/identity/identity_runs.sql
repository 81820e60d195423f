-- One row per run of the identity room that found something else than the run before it.
{{ config(access='public', materialized='incremental', full_refresh=false, on_schema_change='append_new_columns') }}

with identifier_figures as (
    select
        count(*) as identifier_count,
        count(distinct profile_id) as profile_count
    from {{ ref('identifiers') }}
),

largest_profiles as (
    select coalesce(max(identifier_count), 0) as largest_profile_identifier_count
    from (
        select
            profile_id,
            count(*) as identifier_count
        from {{ ref('identifiers') }}
        group by profile_id
    ) as sizes
),

link_figures as (
    select
        count(*) as link_count,
        sum(case when rejected_reason is null then 0 else 1 end) as rejected_link_count
    from {{ ref('link_candidates') }}
),

form_figures as (
    select sum(case when rejected_reason is null then 0 else 1 end) as rejected_form_count
    from {{ ref('identifier_forms') }}
),

this_run as (
    select
        '{{ invocation_id }}' as run_id,
        {{ dbt.hash("'onefolk salt check' || salts.salt") }} as salt_fingerprint,
        cast(identifier_figures.identifier_count as bigint) as identifier_count,
        cast(identifier_figures.profile_count as bigint) as profile_count,
        cast(largest_profiles.largest_profile_identifier_count as bigint) as largest_profile_identifier_count,
        cast(link_figures.link_count - coalesce(link_figures.rejected_link_count, 0) as bigint) as link_count,
        cast(coalesce(link_figures.rejected_link_count, 0) as bigint) as rejected_link_count,
        cast(coalesce(form_figures.rejected_form_count, 0) as bigint) as rejected_form_count,
        {{ as_of() }} as occurred_at
    from identifier_figures
    cross join largest_profiles
    cross join link_figures
    cross join form_figures
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
            )
    {% endif %}
)

select * from new_run
