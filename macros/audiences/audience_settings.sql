{#- The meta is known only while executing; what it may hold is checked before a build, in Python. -#}
{% macro audience_settings(name) -%}
    {%- if not execute -%}
        {{ return({}) }}
    {%- endif -%}
    {%- set model = graph.nodes['model.onefolk.aud_' ~ name] -%}
    {%- set declared = model.config.meta.get('audience') or {} -%}
    {%- if not declared.get('purpose') -%}
        {% do exceptions.raise_compiler_error(
            "Audience " ~ name ~ " has no purpose: say one in config.meta.audience.purpose of aud_" ~ name ~ "."
        ) %}
    {%- endif -%}
    {#- What is written for people changes nobody's membership. -#}
    {%- set sql = modules.re.sub('--[^\\n]*', ' ', model.raw_code) -%}
    {{ return({
        'purpose': declared.purpose,
        'owner': declared.get('owner'),
        'channel': declared.get('channel'),
        'title': (declared.get('title') or name).replace('_', ' '),
        'definition': local_md5((modules.re.sub('\\s+', ' ', sql) | trim) ~ declared.get('includes_anonymous', false))[:8],
        'includes_anonymous': declared.get('includes_anonymous', false),
        'guards': declared.get('guards') or {},
        'description': model.description,
    }) }}
{%- endmacro %}
