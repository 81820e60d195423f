{% macro minted_profile_ids(log_rows) -%}
    select
        profile_id,
        min(generation) as minted_generation,
        max(case when anchored_at is not null then identifier_key end) as anchor_key,
        max(anchored_at) as anchored_at
    from {{ log_rows }}
    where profile_id is not null
    group by profile_id
{%- endmacro %}
