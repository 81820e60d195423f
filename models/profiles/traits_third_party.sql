-- One row per profile of whom a data provider claims something that has not expired: of each kind the surest claim.
with ranked_claims as (
    select
        profile_id,
        taxonomy,
        label,
        row_number() over (
            partition by profile_id, taxonomy
            order by confidence desc, observed_at desc, {{ byte_order('provider') }}, {{ byte_order('segment_id') }}
        ) as confidence_rank
    from {{ ref('third_party_segments') }}
    where is_current
),

traits as (
    select
        {% for taxonomy in ['sex', 'age', 'nationality', 'interest'] %}
            max(case when taxonomy = '{{ taxonomy }}' and confidence_rank = 1 then label end)
                as third_party_{{ taxonomy }},
        {% endfor %}
        profile_id
    from ranked_claims
    group by profile_id
)

select * from traits
