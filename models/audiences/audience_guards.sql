-- One row per audience: whether its guard is open, and with which figures.
{{ config(materialized='view', access='public') }}

with verdicts as (
    select
        *,
        row_number() over (partition by audience order by generation desc) as recency
    from {{ ref('audience_log') }}
    where entry_type = 'guard'
),

guards as (
    select
        verdicts.audience,
        verdicts.run_id,
        verdicts.definition,
        verdicts.reasons,
        verdicts.figures,
        verdicts.candidate_count,
        verdicts.member_count,
        verdicts.is_open,
        verdicts.is_overridden,
        verdicts.occurred_at as judged_at
    from verdicts
    inner join {{ ref('audience_definitions') }} as definitions on verdicts.audience = definitions.audience
    where verdicts.recency = 1
)

select * from guards
