{#- What joined and what parted since the log was written last; of both, the parting is told. -#}
{% macro identity_causes(identity_events, log_rows) -%}
    select profile_id, max(cause) as cause
    from (
        select
            to_profile_id as profile_id,
            case when event_type in ('split', 'restored') then 'split' else 'merge' end as cause,
            occurred_at
        from {{ identity_events }}
        where from_profile_id is not null and to_profile_id is not null
        union all
        select from_profile_id as profile_id, 'split' as cause, occurred_at
        from {{ identity_events }}
        where from_profile_id is not null and to_profile_id is not null and event_type <> 'merged'
    ) as touched
    where occurred_at > (select max(occurred_at) from {{ log_rows }})
    group by profile_id
{%- endmacro %}
