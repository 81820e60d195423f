{% macro clock() -%}
    {%- set given = env_var('ONEFOLK_AS_OF', '') if execute else '1970-01-01T00:00:00Z' -%}
    {%- if not given -%}
        {{ return(run_started_at) }}
    {%- endif -%}
    {%- set moment = modules.datetime.datetime.fromisoformat(given) -%}
    {%- if moment.tzinfo is none -%}
        {{ return(moment.replace(tzinfo=modules.pytz.utc)) }}
    {%- endif -%}
    {{ return(moment.astimezone(modules.pytz.utc)) }}
{%- endmacro %}
