-- One row per decision of a steward that stands: the identifiers it is about, and whether it is the latest about them.
with decisions as (
    select
        override_id,
        id_type_a,
        id_value_a,
        id_type_b,
        id_value_b,
        lower(action) as action,
        coalesce(created_at, loaded_at) as decided_at,
        loaded_at
    from {{ ref('stg_steward__identity_overrides') }}
    where revoked_at is null or revoked_at > {{ as_of() }}
),

written_forms as (
    select identifier_type, raw_value, identifier_key
    from {{ ref('identifier_forms') }}
    where country = '' and identifier_key is not null
),

keyed_decisions as (
    select
        decisions.override_id,
        forms_a.identifier_key as identifier_key_a,
        forms_b.identifier_key as identifier_key_b,
        decisions.action,
        decisions.decided_at,
        decisions.loaded_at
    from decisions
    left join written_forms as forms_a
        on decisions.id_type_a = forms_a.identifier_type and decisions.id_value_a = forms_a.raw_value
    left join written_forms as forms_b
        on decisions.id_type_b = forms_b.identifier_type and decisions.id_value_b = forms_b.raw_value
),

-- Of two decisions about the same two identifiers the later counts; made at the same moment, the one that keeps apart.
ranked_decisions as (
    select
        override_id,
        identifier_key_a,
        identifier_key_b,
        action,
        row_number() over (
            partition by
                case when action = 'block' then action else 'pair' end,
                least(identifier_key_a, coalesce(identifier_key_b, identifier_key_a)),
                greatest(identifier_key_a, coalesce(identifier_key_b, identifier_key_a))
            order by
                decided_at desc,
                case when action = 'force_split' then 0 else 1 end,
                {{ byte_order('override_id') }}
        ) = 1 as is_latest,
        decided_at,
        loaded_at
    from keyed_decisions
)

select * from ranked_decisions
