{#- All events of a visitor are placed together: a late one may end, join or rename the sessions around it. -#}
{% macro touched_visits(visits, last_places, earlier_visitors, since) -%}
    select * from {{ visits }}
    {%- if since %}
    where visitor in (select visitor from {{ visits }} where {{ onefolk.has_changed_since(since, 'staged_at') }})
    union
    select visits.*
    from {{ visits }} as visits
    inner join {{ last_places }} as last_places on visits.message_id = last_places.message_id
    inner join {{ earlier_visitors }} as earlier_visitors on last_places.visitor_key = earlier_visitors.visitor_key
    {%- endif %}
{%- endmacro %}
