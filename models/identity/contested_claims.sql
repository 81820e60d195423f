-- One row per claim to a value that does not hold: different people carry the value, and another claim is better.
with claims as (
    select * from {{ ref('value_claims') }}
    where account_count > 1
),

people as (
    select
        account_key,
        nullif(first_name_key, '') as first_name_key,
        nullif(birth_date_key, '') as birth_date_key
    from {{ ref('account_people') }}
),

best_claims as (
    select
        claims.value_key,
        claims.account_key,
        people.first_name_key,
        people.birth_date_key
    from claims
    inner join people on claims.account_key = people.account_key
    where claims.claim_rank = 1
),

compared_claims as (
    select
        claims.value_key,
        claims.account_key,
        coalesce(max(case when people.birth_date_key = best_claims.birth_date_key then 1 end), 0) as shares_birth_date,
        coalesce(max(case when people.birth_date_key <> best_claims.birth_date_key then 1 end), 0)
            as knows_other_birth_date,
        coalesce(max(case when people.first_name_key = best_claims.first_name_key then 1 end), 0) as shares_first_name,
        coalesce(max(case when people.first_name_key <> best_claims.first_name_key then 1 end), 0)
            as knows_other_first_name
    from claims
    left join people on claims.account_key = people.account_key
    left join best_claims on claims.value_key = best_claims.value_key
    where claims.claim_rank > 1
    group by claims.value_key, claims.account_key
),

-- Birth dates tell people apart better than names, which are misspelt and, in a family, shared.
judged_claims as (
    select
        value_key,
        account_key,
        shares_birth_date,
        case
            when shares_birth_date = 1 then 0
            when knows_other_birth_date = 1 then 1
            when shares_first_name = 1 then 0
            else knows_other_first_name
        end as is_of_another_person
    from compared_claims
),

disputed_values as (
    select value_key
    from judged_claims
    group by value_key
    having max(is_of_another_person) = 1
),

-- Once a value is disputed, a name in common is no proof any more.
lost_claims as (
    select
        judged_claims.value_key,
        judged_claims.account_key
    from judged_claims
    inner join disputed_values on judged_claims.value_key = disputed_values.value_key
    where judged_claims.shares_birth_date = 0
    {% if var('contested_identifiers') == 'ambiguous' %}
        union
        select
            claims.value_key,
            claims.account_key
        from claims
        inner join disputed_values on claims.value_key = disputed_values.value_key
    {% endif %}
)

select * from lost_claims
