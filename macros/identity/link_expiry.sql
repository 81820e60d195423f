{#- What is seen again lives on, up to the greatest age of its type; of two types the shorter life counts. -#}
{% macro link_expiry(first_seen_at, last_seen_at, is_first_party, types) -%}
    {%- set never = "cast('9999-12-31' as timestamp)" -%}
    {%- set ends = [] -%}
    {%- for type in types -%}
        {%- for days, since in [
            (type ~ '.ttl_days', last_seen_at), (type ~ '.third_party_ttl_days', last_seen_at), (type ~ '.max_age_days', first_seen_at)
        ] -%}
            {%- set end = 'case when ' ~ days ~ ' is not null then ' ~ dbt.dateadd('day', days, since) ~ ' end' -%}
            {%- if days.endswith('.ttl_days') -%}
                {%- set end = 'case when ' ~ is_first_party ~ ' then ' ~ end ~ ' end' -%}
            {%- elif days.endswith('.third_party_ttl_days') -%}
                {%- set end = 'case when not ' ~ is_first_party ~ ' then ' ~ end ~ ' end' -%}
            {%- endif -%}
            {%- do ends.append('coalesce(' ~ end ~ ', ' ~ never ~ ')') -%}
        {%- endfor -%}
    {%- endfor -%}
    nullif(least({{ ends | join(', ') }}), {{ never }})
{%- endmacro %}
