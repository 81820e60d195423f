{#- What lower() makes of letters beyond ASCII depends on the database's locale (C leaves them, Turkish turns I into a
    dotless one). The capitals of the Latin, Greek, Cyrillic and Armenian blocks are therefore listed, each beside its
    small letter; a capital whose small letter is longer than itself stays, except the dotted I. -#}
{% macro lower_text(expression) -%}
    {%- set ns = namespace(capitals="\u0130", small="i") -%}
    {%- for first, last in [(65, 90), (192, 591), (880, 1327), (1329, 1366), (7680, 8191)] -%}
        {%- for code in range(first, last + 1) -%}
            {%- set letter = "%c" | format(code) -%}
            {%- if letter | lower != letter and letter | lower | length == 1 -%}
                {%- set ns.capitals = ns.capitals ~ letter -%}
                {%- set ns.small = ns.small ~ letter | lower -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set letters = "'" ~ ns.capitals ~ "', '" ~ ns.small ~ "'" -%}
    case
        when {{ onefolk.regex_matches(expression, '[^ -~]') }}
            then {{ onefolk.unicode_nfc("translate(" ~ onefolk.unicode_nfc(expression) ~ ", " ~ letters ~ ")") }}
        else lower({{ expression }} collate "C")
    end
{%- endmacro %}
