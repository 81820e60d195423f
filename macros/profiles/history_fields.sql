{#- Of other parties' values no history is kept: they expire. -#}
{% macro history_fields() -%}
    {{ return([
        'account_id', 'owner_id', 'country', 'region', 'city', 'language', 'gender', 'age_band', 'lifecycle_stage',
        'favourite_category', 'loyalty_tier', 'order_count', 'running_contract_count', 'is_known', 'has_unsubscribed',
    ]) }}
{%- endmacro %}
