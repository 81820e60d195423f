{#- A number is read as its country would dial it. The trunk prefix goes when what remains is a number, as in
    +49 (0)30; it stays where it belongs to the number, as in Italy. Distinct keeps Postgres from working out a column
    anew wherever the next CTE mentions it: hours instead of seconds. -#}
{% macro normalize_phone(raw_phones, calling_codes, numbering_plans) -%}
    with cleaned as (
        select distinct
            raw_value,
            country,
            {{ onefolk.phone_digits('raw_value') }} as digits
        from {{ raw_phones }}
    ),

    dialled as (
        select
            cleaned.raw_value,
            cleaned.country,
            cleaned.digits,
            home.calling_code as home_calling_code,
            coalesce(
                {{ onefolk.phone_without('cleaned.digits', "'+'") }},
                {{ onefolk.phone_without('cleaned.digits', 'home.international_prefix') }},
                case
                    when coalesce(home.is_double_zero_international, true)
                        then {{ onefolk.phone_without('cleaned.digits', "'00'") }}
                end
            ) as international_digits
        from cleaned
        left join {{ calling_codes }} as home on upper(cleaned.country) = home.country
    ),

    placed as (
        select distinct
            raw_value,
            country,
            case
                when international_digits is null then home_calling_code
                else {{ onefolk.phone_calling_code('international_digits') }}
            end as calling_code,
            case when international_digits is null then home_calling_code end as assumed_calling_code,
            coalesce(international_digits, home_calling_code || digits) as all_digits
        from dialled
    ),

    written as (
        select
            placed.raw_value,
            placed.country,
            placed.assumed_calling_code,
            plans.*,
            {{ onefolk.phone_without('placed.all_digits', 'placed.calling_code') }} as as_written
        from placed
        left join {{ numbering_plans }} as plans on placed.calling_code = plans.calling_code
    ),

    readings as (
        select
            raw_value,
            country,
            calling_code,
            trunk_prefix,
            number_shapes,
            leading_length,
            as_written,
            {{ onefolk.phone_without('as_written', 'trunk_prefix') }} as without_trunk,
            {{ onefolk.phone_without('as_written', 'other_trunk_prefix') }} as without_other_trunk,
            case
                when strpos(carrier_codes, substr(as_written, length(trunk_prefix) + 1, 2)) > 0
                    then {{ onefolk.phone_without('as_written', "trunk_prefix || '__'") }}
            end as without_carrier,
            {{ onefolk.phone_without('as_written', 'assumed_calling_code') }} as without_code,
            {{ onefolk.phone_without('as_written', 'assumed_calling_code || trunk_prefix') }} as without_code_and_trunk
        from written
    )

    select
        raw_value,
        country,
        '+' || calling_code || {{ onefolk.national_number('readings') }} as normalized_value
    from readings
{%- endmacro %}
