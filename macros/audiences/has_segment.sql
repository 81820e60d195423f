{% macro has_segment(label, taxonomy=none, min_confidence=0) -%}
    select
        profile_id,
        max(confidence) as confidence,
        min(observed_at) as since_at,
        max(expires_at) as ends_at
    from {{ ref('third_party_segments') }}
    where
        is_current
        and profile_id is not null
        and {{ onefolk.is_licensed_here() }}
        and {{ onefolk.is_one_of('label', label) }}
        {% if taxonomy %}and {{ onefolk.is_one_of('taxonomy', taxonomy) }}{% endif %}
        {% if min_confidence %}and confidence >= {{ min_confidence }}{% endif %}
    group by profile_id
{%- endmacro %}
