-- One row per identifier and mark: no two identifiers of one mark may share a profile.
with marks_of_types as (
    select
        identifier_key,
        identifier_type as apart_as,
        'unique_limit' as rejected_reason
    from {{ ref('seen_identifiers') }}
    where is_unique
),

splits as (
    select override_id, identifier_key_a, identifier_key_b from {{ ref('identity_overrides') }}
    where action = 'force_split' and is_latest and identifier_key_a <> identifier_key_b
),

marks_of_stewards as (
    select
        identifier_key_a as identifier_key,
        'split by ' || override_id as apart_as,
        'forced_split' as rejected_reason
    from splits
    union all
    select
        identifier_key_b as identifier_key,
        'split by ' || override_id as apart_as,
        'forced_split' as rejected_reason
    from splits
),

marks as (
    select * from marks_of_types
    union all
    select * from marks_of_stewards
)

select * from marks
