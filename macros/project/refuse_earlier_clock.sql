{#- A log is written forward: a replay of the past belongs under a schema prefix of its own. -#}
{% macro refuse_earlier_clock(relation, column) -%}
    {%- if execute and is_incremental() -%}
        {%- set sql = 'select max(' ~ column ~ ') > ' ~ onefolk.as_of() ~ ', max(' ~ column ~ ') from ' ~ relation -%}
        {%- set found = run_query(sql) -%}
        {%- if found.columns[0].values()[0] -%}
            {% do exceptions.raise_compiler_error(
                "The clock stands at " ~ onefolk.clock().strftime("%Y-%m-%d %H:%M:%S") ~ ", before the last run of "
                ~ relation.identifier ~ " at " ~ found.columns[1].values()[0] ~ " (UTC). Unset ONEFOLK_AS_OF or set it to a"
                ~ " later time; to look at the past, set ONEFOLK_SCHEMA_PREFIX, which builds beside the live tables."
            ) %}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
