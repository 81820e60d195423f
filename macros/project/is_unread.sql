{#-
    Rows that landed since the model's last run, and those whose time has come since: they were ahead of the clock then.
    A time begins with its day and is at most a day off by its zone, so most rows are told apart without reading it.
-#}
{% macro is_unread(source_name, table_name) -%}
    {%- set last_run = onefolk.last_staged(this) -%}
    {%- if last_run is none -%} {{ return('true') }} {%- endif -%}
    {%- set event_time = onefolk.raw_contract(source_name, table_name).event_time -%}
    {%- set day = (last_run.staged_at - modules.datetime.timedelta(days=2)).strftime('%Y-%m-%d') -%}
    (
        ({{ onefolk.has_landed_since(last_run) }})
        {%- if event_time %}
        or case
            when {{ onefolk.trimmed(adapter.quote(event_time)) }} >= '{{ day }}'
                then coalesce(
                    {{ onefolk.try_to('timestamp', adapter.quote(event_time)) }}
                    > {{ onefolk.skewed("cast('" ~ last_run.staged_at ~ "' as timestamp)") }},
                    false
                )
            else false
        end
        {%- endif %}
    )
{%- endmacro %}
