-- One row per deal and period that it spent in a stage.
{{ config(access='public') }}

with stage_changes as (
    select
        deal_id,
        from_stage,
        to_stage as deal_stage,
        changed_at as entered_at,
        lead(changed_at) over (partition by deal_id order by changed_at) as left_at
    from {{ ref('stg_crm__deal_stage_history') }}
),

deal_stages as (
    select
        {{ record_id(['changes.deal_id', 'changes.entered_at']) }} as deal_stage_id,
        changes.deal_id,
        deals.profile_id,
        changes.deal_stage,
        changes.from_stage,
        changes.left_at is null as is_current,
        changes.entered_at,
        changes.left_at
    from stage_changes as changes
    left join {{ ref('deals') }} as deals on changes.deal_id = deals.deal_id
)

select * from deal_stages
