{#- One record leaves a doubt that grows with the rank of the weaker type, each further record divides it, and bought links
    are never surer than we ask for. Floor at the last digit: engines round a half differently. -#}
{% macro link_confidence(rule, strength, evidence_count) -%}
    {%- set doubt = "floor(1000000.0 * " ~ strength ~ " / ((" ~ strength ~ " + 10) * greatest(" ~ evidence_count ~ ", 1)))" -%}
    cast(
        case {{ rule }}
            when 'same_mailbox' then 1
            when 'third_party_record' then least(1 - {{ doubt }} / 1000000, {{ var('link_confidence_threshold') }})
            else 1 - {{ doubt }} / 1000000
        end as numeric(28, 6)
    )
{%- endmacro %}
