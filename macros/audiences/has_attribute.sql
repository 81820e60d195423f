{#- Of what several partners say the newest counts, as in the profiles. -#}
{% macro has_attribute(attribute, values) -%}
    {%- if attribute not in var('second_party_attributes') -%}
        {% do exceptions.raise_compiler_error(
            "Partners' data has no attribute " ~ attribute ~ ": the var second_party_attributes has "
            ~ var('second_party_attributes') | join(', ') ~ "."
        ) %}
    {%- endif -%}
    select
        profile_id,
        attribute_value,
        observed_at as since_at,
        expires_at as ends_at
    from (
        select
            profile_id,
            attribute_value,
            observed_at,
            expires_at,
            row_number() over (
                partition by profile_id order by observed_at desc, {{ onefolk.byte_order('provider') }}, identifier_key
            ) as recency
        from {{ ref('second_party_attributes') }}
        where
            is_current
            and profile_id is not null
            and {{ onefolk.is_licensed_here() }}
            and {{ onefolk.is_one_of('attribute', attribute) }}
    ) as claims
    where recency = 1 and {{ onefolk.is_one_of('attribute_value', values) }}
{%- endmacro %}
