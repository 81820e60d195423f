-- One row per profile in the CRM: the account, owner and stage of its newest contact that is not deleted.
with contacts as (
    select
        door.profile_id,
        contacts.account_id,
        contacts.owner_id,
        contacts.lifecycle_stage,
        contacts.lead_source,
        row_number() over (
            partition by door.profile_id
            order by
                case when coalesce(contacts.is_deleted, false) then 1 else 0 end,
                coalesce(contacts.updated_at, contacts.created_at, contacts.loaded_at) desc,
                {{ byte_order('contacts.crm_contact_id') }}
        ) as recency
    from {{ ref('stg_crm__contacts') }} as contacts
    inner join {{ ref('profiles_door') }} as door
        on door.record_source = 'stg_crm__contacts' and contacts.crm_contact_id = door.record_id
),

traits as (
    select profile_id, account_id, owner_id, lifecycle_stage as crm_lifecycle_stage, lead_source from contacts
    where recency = 1
)

select * from traits
