{% macro last_verdicts(log_rows) -%}
    select
        last_one.audience,
        last_one.definition,
        last_one.reasons,
        open_one.definition as open_definition,
        last_one.candidate_count,
        last_one.is_open,
        last_one.is_overridden
    from (
        select *, row_number() over (partition by audience order by generation desc) as recency
        from {{ log_rows }}
        where entry_type = 'guard'
    ) as last_one
    left join (
        select *, row_number() over (partition by audience order by generation desc) as recency
        from {{ log_rows }}
        where entry_type = 'guard' and is_open
    ) as open_one on last_one.audience = open_one.audience and open_one.recency = 1
    where last_one.recency = 1
{%- endmacro %}
