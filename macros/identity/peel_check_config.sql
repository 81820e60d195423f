{% macro peel_check_config(config) -%}
    {%- set allowed = {
        'node_ids': ['hash', 'hex', 'integer'],
        'contested': ['strongest', 'latest', 'ambiguous'],
    } -%}
    {%- for name, values in allowed.items() -%}
        {%- set value = config.get(name, values[0]) -%}
        {%- if value not in values -%}
            {% do exceptions.raise_compiler_error(
                "connected_components: " ~ name ~ " must be one of " ~ values | join(', ') ~ ", but it is '" ~ value ~ "'."
            ) %}
        {%- endif -%}
    {%- endfor -%}
    {%- if config.get('is_guarded', false) and not (config.get('most_nodes') and config.get('strongest_first')) -%}
        {% do exceptions.raise_compiler_error(
            "connected_components: guarded components need most_nodes (how large one may be) and strongest_first (by which"
            ~ " columns of the query links are ordered)."
        ) %}
    {%- endif -%}
{%- endmacro %}
