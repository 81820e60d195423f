{% macro rate_holds(rates, currency, moment) -%}
    {{ currency }} = {{ rates }}.currency and {{ moment }} >= {{ rates }}.valid_from and {{ moment }} < {{ rates }}.valid_until
{%- endmacro %}
