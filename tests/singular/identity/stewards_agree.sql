-- Fails if stewards' decisions that stand contradict each other about two identifiers, or name a value nobody can read.
{{ config(severity='warn') }}

with decisions as (
    select
        override_id,
        action,
        identifier_key_a is null or (identifier_key_b is null and action <> 'block') as is_unreadable,
        least(identifier_key_a, identifier_key_b) as identifier_key_a,
        greatest(identifier_key_a, identifier_key_b) as identifier_key_b
    from {{ ref('identity_overrides') }}
),

contradictions as (
    select identifier_key_a, identifier_key_b
    from decisions
    where action in ('force_link', 'force_split') and not is_unreadable
    group by identifier_key_a, identifier_key_b
    having count(distinct action) > 1
),

reported as (
    select decisions.*
    from decisions
    left join contradictions
        on
            decisions.identifier_key_a = contradictions.identifier_key_a
            and decisions.identifier_key_b = contradictions.identifier_key_b
    where
        decisions.is_unreadable
        or (contradictions.identifier_key_a is not null and decisions.action <> 'block')
)

select * from reported
