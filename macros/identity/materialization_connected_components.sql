{% materialization connected_components, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set previous = load_cached_relation(this) -%}
    {%- set scratch = onefolk.peel_scratch(this, 'final') -%}
    {%- set backup = onefolk.peel_scratch(this, 'backup') -%}

    {{ run_hooks(pre_hooks) }}
    {% do onefolk.drop_peel_scratch(this) %}

    {%- set node_ids = config.get('node_ids', 'hash') -%}
    {%- if node_ids not in ['hash', 'integer'] -%}
        {% do exceptions.raise_compiler_error(
            "connected_components: node_ids must be 'hash' or 'integer', but it is '" ~ node_ids ~ "'."
        ) %}
    {%- endif -%}

    {% do onefolk.peel_nodes(this, sql, node_ids) %}
    {% set rounds = onefolk.peel_links(this) %}
    {% do onefolk.peel_fold(this, rounds) %}
    {% do onefolk.peel_check(this) %}

    {% call statement('main') -%}
        {{ onefolk.create_scratch_table(scratch, onefolk.peel_result(this)) }}
    {%- endcall %}

    {% if previous is not none %}
        {% do adapter.rename_relation(previous, backup) %}
    {% endif %}
    {% do adapter.rename_relation(scratch, target_relation) %}
    {% do onefolk.drop_peel_scratch(this) %}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(target_relation, model) %}
    {% do adapter.commit() %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
