{#-
    Its model comes after the log, so it can't be referred to: what stands there now is what the last run made. Where it
    is not there, nothing is known of ends that have come.
-#}
{% macro last_members(log) -%}
    {%- set relation = adapter.get_relation(log.database, log.schema, 'audience_members') if execute else none -%}
    {%- if relation -%}
        select audience, profile_id, expires_at from {{ relation }}
    {%- else -%}
        select
            cast(null as {{ dbt.type_string() }}) as audience,
            cast(null as {{ dbt.type_string() }}) as profile_id,
            cast(null as timestamp) as expires_at
        where 1 = 0
    {%- endif -%}
{%- endmacro %}
