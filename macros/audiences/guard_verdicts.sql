{% macro guard_verdicts(log_rows, members_before, proposals, definitions, figures) -%}
    with last_verdicts as (
        {{ last_verdicts(log_rows) }}
    ),

    counts as (
        select
            audience,
            sum(case when is_member then 1 else 0 end) as before_count,
            sum(case when is_candidate and not is_member then 1 else 0 end) as entering_count,
            sum(case when is_member and not is_candidate then 1 else 0 end) as leaving_count
        from {{ proposals }}
        group by audience
    ),

    gone as (
        select audience, count(*) as gone_count from {{ members_before }}
        where profile_id is null
        group by audience
    ),

    judged as (
        select
            definitions.*,
            figures.overlapping,
            figures.stale,
            figures.candidate_count,
            figures.unreachable_count,
            coalesce(counts.before_count, 0) as before_count,
            coalesce(counts.entering_count, 0) as entering_count,
            coalesce(counts.leaving_count, 0) as leaving_count,
            coalesce(gone.gone_count, 0) as gone_count
        from {{ definitions }} as definitions
        inner join {{ figures }} as figures on definitions.audience = figures.audience
        left join counts on definitions.audience = counts.audience
        left join gone on definitions.audience = gone.audience
    ),

    reasons as (
        {{ guard_reasons('judged') }}
    ),

    opened as (
        select
            judged.*,
            reasons.reasons,
            reasons.figures,
            reasons.reasons is null or {{ is_allowed_guard('judged.audience') }} as is_open,
            reasons.reasons is not null and {{ is_allowed_guard('judged.audience') }} as is_overridden
        from judged
        left join reasons on judged.audience = reasons.audience
    )

    select
        opened.audience,
        opened.definition,
        opened.reasons,
        opened.figures,
        opened.candidate_count,
        cast(case when opened.is_open then opened.candidate_count else opened.before_count end as bigint) as member_count,
        cast(case when opened.is_open then opened.entering_count else 0 end as bigint) as entered_count,
        cast(case when opened.is_open then opened.leaving_count else 0 end + opened.gone_count as bigint) as left_count,
        opened.is_open,
        opened.is_overridden,
        last_verdicts.open_definition is null as is_first,
        coalesce(last_verdicts.open_definition <> opened.definition, false) as is_redefined,
        last_verdicts.audience is null
        or last_verdicts.is_open <> opened.is_open
        or last_verdicts.is_overridden <> opened.is_overridden
        or last_verdicts.definition <> opened.definition
        or coalesce(last_verdicts.reasons, '') <> coalesce(opened.reasons, '')
        or last_verdicts.candidate_count <> opened.candidate_count as is_news
    from opened
    left join last_verdicts on opened.audience = last_verdicts.audience
{%- endmacro %}
