{% macro device_type(user_agent) -%}
    case
        when lower({{ user_agent }}) like '%ipad%' or lower({{ user_agent }}) like '%tablet%' then 'tablet'
        when
            lower({{ user_agent }}) like '%iphone%'
            or lower({{ user_agent }}) like '%android%'
            or lower({{ user_agent }}) like '%mobile%'
            then 'mobile'
        when
            lower({{ user_agent }}) like '%windows%'
            or lower({{ user_agent }}) like '%macintosh%'
            or lower({{ user_agent }}) like '%linux%'
            or lower({{ user_agent }}) like '%cros%'
            then 'desktop'
    end
{%- endmacro %}
