{#- A list without an entry, a misspelt one say, is unknown rather than false: so it makes nobody a member, also where it is negated. -#}
{% macro is_on_list(list, column='profile_id') -%}
    {%- set named = 'list_name = ' ~ dbt.string_literal(dbt.escape_single_quotes(list)) -%}
    case
        when exists (select 1 from {{ ref('list_entries') }} where {{ named }})
            then {{ column }} in (select entry from {{ ref('audience_lists') }} where {{ named }})
    end
{%- endmacro %}
