{#- Two systems of one kind count from 1 each: the ids of every instance but the main one carry its name. -#}
{% macro scoped_id(column) -%}
    case
        when _source_instance <> 'main' then _source_instance || '/' || {{ onefolk.trimmed(column) }}
        else {{ onefolk.trimmed(column) }}
    end
{%- endmacro %}
