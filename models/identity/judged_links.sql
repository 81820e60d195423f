-- One row per pair of identifiers and rule that would link them: why not, where it does not.
with components as (
    select identifier_key, component_key, is_held_back from {{ ref('identity_components') }}
),

contested_links as (
    select identifier_key_a, identifier_key_b, link_rule, cause_key from {{ ref('claim_links') }}
    where is_contested
),

components_kept_apart as (
    select distinct components.component_key, separators.apart_as
    from {{ ref('identity_separators') }} as separators
    inner join components on separators.identifier_key = components.identifier_key
    where separators.rejected_reason = 'forced_split'
),

pairs_kept_apart as (
    select distinct
        one_side.component_key as component_key_a,
        other_side.component_key as component_key_b
    from components_kept_apart as one_side
    inner join components_kept_apart as other_side on one_side.apart_as = other_side.apart_as
),

placed_links as (
    select
        candidates.*,
        coalesce(contested.cause_key, candidates.cause_key) as deciding_key,
        contested.cause_key is not null as is_contested,
        coalesce(components_a.component_key <> components_b.component_key, true) as is_cut,
        coalesce(components_a.is_held_back or components_b.is_held_back, false) as is_held_back,
        kept_apart.component_key_a is not null as is_kept_apart
    from {{ ref('link_candidates') }} as candidates
    left join components as components_a on candidates.identifier_key_a = components_a.identifier_key
    left join components as components_b on candidates.identifier_key_b = components_b.identifier_key
    left join contested_links as contested
        on
            candidates.identifier_key_a = contested.identifier_key_a
            and candidates.identifier_key_b = contested.identifier_key_b
            and candidates.link_rule = contested.link_rule
    left join pairs_kept_apart as kept_apart
        on
            components_a.component_key = kept_apart.component_key_a
            and components_b.component_key = kept_apart.component_key_b
),

judged_links as (
    select
        identifier_key_a,
        identifier_key_b,
        deciding_key as cause_key,
        link_rule,
        case
            when rejected_reason is not null then rejected_reason
            when is_contested then 'contested_value'
            when not is_cut then null
            when is_kept_apart then 'forced_split'
            when is_held_back then 'size_limit'
            else 'unique_limit'
        end as rejected_reason,
        first_source,
        sample_record,
        link_strength,
        source_count,
        evidence_count,
        first_seen_at,
        last_seen_at,
        expires_at
    from placed_links
)

select * from judged_links
