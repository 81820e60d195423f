{% macro has_contact_point(contact_type) -%}
    case {{ contact_type }}
        when 'email' then profiles.email_count > 0
        when 'phone' then profiles.phone_count > 0
        when 'device' then profiles.device_count > 0
        else profiles.email_count > 0 or profiles.phone_count > 0
    end
{%- endmacro %}
