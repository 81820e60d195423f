{#- Two addresses with the same key reach the same mailbox. It is only compared, never shown, sent to or stored as the
    address. -#}
{% macro email_match_key(email, rules) -%}
    {%- set local_part = "split_part(" ~ email ~ ", '@', 1)" -%}
    case
        when {{ rules }}.domain is null then {{ email }}
        else coalesce(
            nullif(
                replace(
                    case
                        when {{ rules }}.ignores_plus_tag then split_part({{ local_part }}, '+', 1)
                        else {{ local_part }}
                    end,
                    case when {{ rules }}.ignores_dots then '.' else '@' end,
                    ''
                ),
                ''
            ),
            {{ local_part }}
        ) || '@' || {{ rules }}.canonical_domain
    end
{%- endmacro %}
