-- One row per profile of whom a partner says something that it may and that has not expired: of each kind the newest.
with ranked_attributes as (
    select
        profile_id,
        attribute,
        attribute_value,
        row_number() over (
            partition by profile_id, attribute
            order by observed_at desc, {{ byte_order('provider') }}, identifier_key
        ) as recency
    from {{ ref('second_party_attributes') }}
    where is_current
),

traits as (
    select
        {% for attribute in var('second_party_attributes') %}
            max(case when attribute = '{{ attribute }}' and recency = 1 then attribute_value end)
                as second_party_{{ attribute }},
        {% endfor %}
        profile_id
    from ranked_attributes
    group by profile_id
)

select * from traits
