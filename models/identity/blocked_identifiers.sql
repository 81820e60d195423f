-- One row per identifier that names nobody, because a list or a steward says so.
with forms as (
    select distinct
        identifier_key,
        identifier_type,
        lower(identifier_value) as lower_value
    from {{ ref('identifier_forms') }}
    where identifier_key is not null
),

blocked_values as (
    select identifier_type, value as blocked_value, match
    from {{ ref('blocked_identifier_values') }}
),

-- Exact values are found by a hash join; only the few patterns are compared with every value.
blocked as (
    select forms.identifier_key
    from forms
    inner join blocked_values on forms.lower_value = blocked_values.blocked_value
    where blocked_values.match = 'exact' and blocked_values.identifier_type in (forms.identifier_type, 'any')
    union
    select forms.identifier_key
    from forms
    inner join blocked_values on forms.lower_value like blocked_values.blocked_value
    where blocked_values.match = 'pattern' and blocked_values.identifier_type in (forms.identifier_type, 'any')
    union
    select identifier_key_a as identifier_key
    from {{ ref('identity_overrides') }}
    where action = 'block' and identifier_key_a is not null
)

select * from blocked
