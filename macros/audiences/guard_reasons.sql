{#- One list of what may close a guard, each with the figures that a person needs to judge it. -#}
{% macro guard_reasons(judged) -%}
    {%- set breaches = {
        'too_few_members': ('candidate_count < min_member_count',
            "candidate_count || ' members, at least ' || min_member_count || ' wanted'"),
        'too_many_members': ('candidate_count > max_member_count',
            "candidate_count || ' members, at most ' || max_member_count || ' wanted'"),
        'changes_too_much': ('entering_count + leaving_count > max_change_share * before_count and before_count > 0',
            "entering_count || ' would enter and ' || leaving_count || ' leave of ' || before_count || ', at most '"
            ~ " || cast(100 * max_change_share as integer) || ' % may change'"),
        'too_many_unreachable': ('unreachable_count > max_unreachable_share * candidate_count',
            "unreachable_count || ' of ' || candidate_count || ' lack a contact point, at most '"
            ~ " || cast(100 * max_unreachable_share as integer) || ' % may'"),
        'overlaps': ('overlapping is not null', 'overlapping'),
        'data_too_old': ('stale is not null', 'stale'),
    } -%}
    select
        audience,
        {{ dbt.listagg('reason', "', '", 'order by reason') }} as reasons,
        {{ dbt.listagg('figures', "'; '", 'order by reason') }} as figures
    from (
        {%- for reason, (test, figures) in breaches.items() %}
        select audience, '{{ reason }}' as reason, {{ figures }} as figures from {{ judged }}
        where {{ test }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as breaches
    group by audience
{%- endmacro %}
