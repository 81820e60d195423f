{% materialization connected_components, default %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set previous = load_cached_relation(this) -%}
    {%- set base = onefolk.peel_scratch(this, '_peel') -%}
    {%- set given = onefolk.peel_scratch(base, 'given') -%}
    {%- set final = make_intermediate_relation(target_relation) -%}
    {%- set changed = onefolk.peel_scratch(base, 'changed') -%}
    {%- set backup = make_backup_relation(target_relation, 'table') -%}
    {%- set node_ids = config.get('node_ids', 'hash') -%}
    {%- set is_guarded = config.get('is_guarded', false) -%}

    {{ run_hooks(pre_hooks) }}
    {#- Also before a run: one that raised or was killed may have left its tables behind. -#}
    {% do onefolk.peel_drop(base) %}
    {% do drop_relation_if_exists(load_cached_relation(final)) %}
    {% do drop_relation_if_exists(load_cached_relation(backup)) %}
    {% do onefolk.peel_check_config(config) %}
    {#- Ends the transaction that looking for them began: what is dropped inside one keeps its memory until its end. -#}
    {% do adapter.commit() %}

    {% set links = sql %}
    {% if is_guarded %}
        {% do run_query(onefolk.create_scratch_table(given, sql)) %}
        {% set links = "select key_a, key_b from " ~ given ~ " where key_b <> '' and is_current" %}
    {% endif %}
    {% set rounds = onefolk.peel(base, links, node_ids) %}
    {% if is_guarded %}
        {% do onefolk.guard_size(base, config.get('most_nodes')) %}
        {% do onefolk.guard_separators(base, config.get('strongest_first'), config.get('contested')) %}
    {% endif %}

    {% if is_guarded and onefolk.peel_is_incremental(this) %}
        {% do run_query(onefolk.create_scratch_table(changed, onefolk.peel_result(base, rounds, is_guarded))) %}
        {#- Both in the transaction that the first begins: a kill between them leaves the components of before. -#}
        {% call statement('delete_changed') -%}
            delete from {{ this }} where node_key in (select key_a from {{ given }} union select key_b from {{ given }})
        {%- endcall %}
        {% call statement('main') -%}
            insert into {{ this }} select * from {{ changed }}
        {%- endcall %}
    {% else %}
        {% call statement('main') -%}
            {{ get_create_table_as_sql(false, final, onefolk.peel_result(base, rounds, is_guarded)) }}
        {%- endcall %}
        {% if previous is not none %}
            {% do adapter.rename_relation(previous, backup) %}
        {% endif %}
        {% do adapter.rename_relation(final, target_relation) %}
    {% endif %}
    {% do onefolk.peel_drop(base) %}
    {% do drop_relation_if_exists(load_cached_relation(backup)) %}
    {{ run_hooks(post_hooks) }}
    {% do persist_docs(target_relation, model) %}
    {% do adapter.commit() %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
