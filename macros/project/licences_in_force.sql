{#- What counts is whether a licence is in force, for whatever purpose; which purposes, stands beside every value. -#}
{% macro licences_in_force(licences) -%}
    {%- set has_begun = "(valid_from is null or valid_from <= " ~ onefolk.as_of() ~ ")" -%}
    {%- set is_in_force = has_begun ~ " and (valid_until is null or valid_until > " ~ onefolk.as_of() ~ ")" -%}
    select
        provider,
        {{ dbt.listagg(
            "case when " ~ is_in_force ~ " then purpose end", "', '", "order by " ~ onefolk.byte_order('purpose')
        ) }} as licensed_purposes,
        max(case when {{ is_in_force }} then 1 else 0 end) = 1 as is_licensed,
        case
            when max(case when {{ has_begun }} and valid_until is null then 1 else 0 end) = 0
                then max(case when {{ has_begun }} then valid_until end)
        end as licensed_until
    from {{ licences }}
    group by provider
{%- endmacro %}
