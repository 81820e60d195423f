{% macro readers() -%}
    {%- set names = fromjson(env_var('ONEFOLK_READERS', '{}')).get(model.fqn[1] ~ '.' ~ model.name, []) -%}
    {{ return({'select': names} if names else {}) }}
{%- endmacro %}
