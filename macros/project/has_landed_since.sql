{#- Files may land in one moment, before and after a run; each lands whole. -#}
{% macro has_landed_since(last_run) -%}
    _loaded_at >= cast('{{ last_run.loaded_at }}' as timestamp)
    {%- if last_run.files %}
    and not (
        _loaded_at = cast('{{ last_run.loaded_at }}' as timestamp)
        and _source_file in (
            {%- for file in last_run.files %}{{ dbt.string_literal(dbt.escape_single_quotes(file)) }}{{ ', ' if not loop.last }}{% endfor -%}
        )
    )
    {%- endif %}
{%- endmacro %}
