-- One row per customer with an e-mail who may be served: what systems that people work in may show of them.
-- Serving somebody contacts nobody, so it is enough that it is allowed on any channel: an objection ends it on all.
with permitted as (
    select
        profile_id,
        max(case when purpose = 'order_service' then 1 else 0 end) = 1 as may_be_served,
        max(case when purpose = 'marketing' and channel = 'email' then 1 else 0 end) = 1 as may_be_emailed,
        max(case when purpose = 'marketing' and channel = 'sms' then 1 else 0 end) = 1 as may_be_texted
    from {{ ref('permissions') }}
    where is_allowed and purpose in ('order_service', 'marketing')
    group by profile_id
),

memberships as (
    select
        members.profile_id,
        {{ dbt.listagg('members.audience', "';'", 'order by members.audience') }} as audiences
    from {{ ref('audience_members') }} as members
    inner join {{ ref('permissions') }} as permissions
        on
            members.profile_id = permissions.profile_id
            and members.purpose = permissions.purpose
            and permissions.channel = 'email'
            and permissions.is_allowed
    group by members.profile_id
),

served_customers as (
    select
        customers.profile_id,
        contact.email,
        contact.phone,
        contact.first_name,
        contact.last_name,
        customers.country,
        customers.lifecycle_stage,
        memberships.audiences,
        customers.order_count,
        customers.open_ticket_count,
        customers.net_revenue_amount,
        -- Addresses that several people have follow the strictest of them.
        permitted.may_be_emailed and refused.address is null as may_be_emailed,
        permitted.may_be_texted,
        customers.first_ordered_at,
        customers.last_ordered_at
    from {{ ref('customers') }} as customers
    inner join permitted on customers.profile_id = permitted.profile_id and permitted.may_be_served
    inner join {{ ref('primary_contact_points') }} as contact
        on customers.profile_id = contact.profile_id and contact.email is not null
    left join memberships on customers.profile_id = memberships.profile_id
    left join {{ ref('activation_refusals') }} as refused
        on refused.purpose = 'marketing' and refused.channel = 'email' and contact.email = refused.address
)

select * from served_customers
