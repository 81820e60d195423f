{% macro last_assignments(log_rows) -%}
    select log_rows.identifier_key, log_rows.profile_id
    from {{ log_rows }} as log_rows
    inner join (
        select identifier_key, max(generation) as generation from {{ log_rows }}
        group by identifier_key
    ) as latest on log_rows.identifier_key = latest.identifier_key and log_rows.generation = latest.generation
    where log_rows.profile_id is not null
{%- endmacro %}
