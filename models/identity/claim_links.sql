-- One row per link between an account and a value that could be disputed, or between two such values.
with accounts as (
    select node_key, component_key from {{ ref('account_components') }}
),

placed_links as (
    select
        candidates.*,
        coalesce(accounts_a.component_key, candidates.identifier_key_a) as account_key_a,
        coalesce(accounts_b.component_key, candidates.identifier_key_b) as account_key_b
    from {{ ref('link_candidates') }} as candidates
    left join accounts as accounts_a on candidates.identifier_key_a = accounts_a.node_key
    left join accounts as accounts_b on candidates.identifier_key_b = accounts_b.node_key
    where candidates.joins_people = 'undisputed' and candidates.rejected_reason is null
),

judged_links as (
    select
        links.identifier_key_a,
        links.identifier_key_b,
        links.account_key_a,
        links.account_key_b,
        coalesce(lost_a.value_key, lost_b.value_key) as cause_key,
        links.link_rule,
        links.link_strength,
        coalesce(lost_a.value_key, lost_b.value_key) is not null as is_contested,
        links.evidence_count,
        links.seen_month_at,
        links.last_seen_at,
        links.loaded_at
    from placed_links as links
    left join {{ ref('contested_claims') }} as lost_a
        on links.identifier_key_a = lost_a.value_key and links.account_key_b = lost_a.account_key
    left join {{ ref('contested_claims') }} as lost_b
        on links.identifier_key_b = lost_b.value_key and links.account_key_a = lost_b.account_key
)

select * from judged_links
