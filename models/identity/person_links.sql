-- One row per undisputed link of an account to a value or of two values, or mark that keeps accounts apart.
with links as (
    select
        account_key_a as key_a,
        account_key_b as key_b,
        link_strength,
        evidence_count,
        seen_month_at,
        last_seen_at,
        loaded_at
    from {{ ref('claim_links') }}
    where not is_contested and account_key_a <> account_key_b
),

linked_keys as (
    select key_a as account_key from links
    union
    select key_b as account_key from links
),

marks_of_accounts as (
    select
        coalesce(accounts.component_key, separators.identifier_key) as account_key,
        separators.apart_as
    from {{ ref('identity_separators') }} as separators
    left join {{ ref('account_components') }} as accounts on separators.identifier_key = accounts.node_key
),

-- Only an account with such a link needs a mark against others.
marks_of_linked as (
    select distinct
        marks_of_accounts.account_key as key_a,
        marks_of_accounts.apart_as
    from marks_of_accounts
    inner join linked_keys on marks_of_accounts.account_key = linked_keys.account_key
),

{{ links_and_marks('links', 'marks_of_linked') }}

select * from links_and_marks
