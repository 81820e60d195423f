-- One row per call, e-mail, meeting, note or text message of sales.
{{ config(access='public') }}

with activities as (
    select
        activities.activity_id,
        door.profile_id,
        door.identifier_key,
        activities.deal_id,
        activities.owner_id,
        activities.activity_type,
        activities.direction,
        activities.outcome,
        activities.duration_s,
        coalesce(activities.occurred_at, activities.loaded_at) as occurred_at
    from {{ ref('stg_crm__activities') }} as activities
    left join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_crm__activities' and activities.activity_id = door.record_id
)

select * from activities
