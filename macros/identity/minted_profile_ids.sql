{% macro minted_profile_ids(log_rows) -%}
    select
        profile_id,
        generation as minted_generation,
        identifier_key as anchor_key,
        anchored_at
    from {{ log_rows }}
    where anchored_at is not null
{%- endmacro %}
