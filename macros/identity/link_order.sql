{#- By month first, so that a device which two people use in turn follows who uses it more, not who used it last. -#}
{% macro link_order() -%}
    {%- if var('contested_identifiers') == 'latest' -%}
        {{ return(['last_seen_at desc', 'link_strength', 'evidence_count desc', 'key_a', 'key_b']) }}
    {%- endif -%}
    {{ return([
        'link_strength', 'seen_month_at desc', 'evidence_count desc', 'last_seen_at desc', 'key_a', 'key_b'
    ]) }}
{%- endmacro %}
