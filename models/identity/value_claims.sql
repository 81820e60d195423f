-- One row per value that may be disputed and account that claims it: how good the claim is.
{% set is_latest = var('contested_identifiers') == 'latest' %}

with candidates as (
    select * from {{ ref('link_candidates') }}
    where joins_people = 'undisputed' and rejected_reason is null
),

disputable_values as (
    select identifier_key from {{ ref('seen_identifiers') }}
    where joins_people = 'undisputed'
),

claiming_links as (
    select
        candidates.identifier_key_a as value_key,
        candidates.identifier_key_b as claimant_key,
        candidates.evidence_count,
        candidates.seen_month_at,
        candidates.last_seen_at
    from candidates
    inner join disputable_values on candidates.identifier_key_a = disputable_values.identifier_key
    union all
    select
        candidates.identifier_key_b as value_key,
        candidates.identifier_key_a as claimant_key,
        candidates.evidence_count,
        candidates.seen_month_at,
        candidates.last_seen_at
    from candidates
    inner join disputable_values on candidates.identifier_key_b = disputable_values.identifier_key
),

claims as (
    select
        claiming_links.value_key,
        claiming_links.claimant_key,
        coalesce(accounts.component_key, claiming_links.claimant_key) as account_key,
        claiming_links.evidence_count,
        claiming_links.seen_month_at,
        claiming_links.last_seen_at
    from claiming_links
    left join {{ ref('account_components') }} as accounts on claiming_links.claimant_key = accounts.node_key
    left join disputable_values on claiming_links.claimant_key = disputable_values.identifier_key
    -- Two numbers in one record claim nothing of each other.
    where disputable_values.identifier_key is null
),

claims_of_accounts as (
    select
        value_key,
        account_key,
        cast(sum(evidence_count) as bigint) as evidence_count,
        max(seen_month_at) as seen_month_at,
        max(last_seen_at) as last_seen_at
    from claims
    group by value_key, account_key
),

named_accounts as (
    select distinct account_key from {{ ref('account_people') }}
),

-- The best claim is of an account whose person is known by name; then as the policy says.
ranked_claims as (
    select
        claims.value_key,
        claims.account_key,
        count(*) over (partition by claims.value_key) as account_count,
        row_number() over (
            partition by claims.value_key
            order by
                case when named_accounts.account_key is null then 1 else 0 end asc,
                {{ 'claims.last_seen_at' if is_latest else 'claims.seen_month_at' }} desc,
                claims.evidence_count desc,
                claims.last_seen_at desc,
                claims.account_key asc
        ) as claim_rank
    from claims_of_accounts as claims
    left join named_accounts on claims.account_key = named_accounts.account_key
)

select * from ranked_claims
