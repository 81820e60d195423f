{#- Read before the model's own query, so that the query compares with a constant. -#}
{% macro last_change(relation) -%}
    {%- if not (relation and is_incremental()) -%} {{ return(none) }} {%- endif -%}
    {%- do onefolk.refuse_earlier_release(relation, 'changed_at') -%}
    {%- do onefolk.refuse_earlier_clock(relation, 'changed_at') -%}
    {{ return(run_query('select max(changed_at) from ' ~ relation).columns[0].values()[0]) }}
{%- endmacro %}
