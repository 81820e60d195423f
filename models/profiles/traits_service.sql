-- One row per profile that asked support: how often, what became of it, how content it was.
with ranked_tickets as (
    select
        *,
        opened_at > {{ dbt.dateadd('day', -90, as_of()) }} as is_recent,
        row_number() over (
            partition by profile_id
            order by case when resolution is null then 1 else 0 end, solved_at desc, {{ byte_order('ticket_id') }}
        ) as resolution_rank
    from {{ ref('tickets') }}
    where profile_id is not null
),

traits as (
    select
        profile_id,
        cast(count(*) as integer) as ticket_count,
        cast(sum(case when is_open then 1 else 0 end) as integer) as open_ticket_count,
        cast(sum(case when is_recent then 1 else 0 end) as integer) as ticket_count_90d,
        max(case when resolution_rank = 1 then resolution end) as last_resolution,
        cast(avg(csat_score) as numeric(28, 6)) as average_csat_score,
        max(opened_at) as last_ticket_opened_at
    from ranked_tickets
    group by profile_id
)

select * from traits
