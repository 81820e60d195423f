{#- What is seen again lives on, up to the greatest age of its type; of two types the shorter life counts. -#}
{% macro link_expiry(first_seen_at, last_seen_at, is_first_party, types) -%}
    {%- set never = "cast('9999-12-31' as timestamp)" -%}
    {%- set ends = [] -%}
    {%- for type in types -%}
        {%- for applies, days, since in [
            (is_first_party, type ~ '.ttl_days', last_seen_at),
            ('not ' ~ is_first_party, type ~ '.third_party_ttl_days', last_seen_at),
            ('true', type ~ '.max_age_days', first_seen_at),
        ] -%}
            {%- do ends.append(
                'coalesce(case when ' ~ applies ~ ' and ' ~ days ~ ' is not null then '
                ~ dbt.dateadd('day', days, since) ~ ' end, ' ~ never ~ ')'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    nullif(least({{ ends | join(', ') }}), {{ never }})
{%- endmacro %}
