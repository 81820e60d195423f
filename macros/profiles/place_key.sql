{#- Letters that people write with a mark or without are listed, each group after the letter it stands for: an engine's
    own way of taking accents off differs from the next one's. -#}
{% macro place_key(expression) -%}
    {%- set alike = {
        'a': 'àáâãäåāăą', 'c': 'çćĉċč', 'd': 'ďđ', 'e': 'èéêëēĕėęě', 'g': 'ĝğġģ', 'h': 'ĥħ', 'i': 'ìíîïĩīĭįı', 'j': 'ĵ',
        'k': 'ķ', 'l': 'ĺļľł', 'n': 'ñńņňŉ', 'o': 'òóôõöøōŏő', 'r': 'ŕŗř', 's': 'śŝşšș', 't': 'ţťț', 'u': 'ùúûüũūŭůűų',
        'w': 'ŵ', 'y': 'ýÿŷ', 'z': 'źżž',
        'α': 'ά', 'ε': 'έ', 'η': 'ή', 'ι': 'ίϊΐ', 'ο': 'ό', 'υ': 'ύϋΰ', 'ω': 'ώ', 'σ': 'ς', 'е': 'ё', 'і': 'ї',
        'ا': 'أإآ', 'ه': 'ة', 'ي': 'ى',
    } -%}
    {%- set ns = namespace(marked='', plain='', sql=onefolk.lower_text(expression)) -%}
    {%- for letter, marked in alike.items() -%}
        {%- set ns.marked = ns.marked ~ marked -%}
        {%- set ns.plain = ns.plain ~ letter * (marked | length) -%}
    {%- endfor -%}
    {%- for letter, letters in {'ß': 'ss', 'æ': 'ae', 'œ': 'oe', 'þ': 'th'}.items() -%}
        {%- set ns.sql = "replace(" ~ ns.sql ~ ", '" ~ letter ~ "', '" ~ letters ~ "')" -%}
    {%- endfor -%}
    {%- set without_marks = "translate(" ~ ns.sql ~ ", '" ~ ns.marked ~ "', '" ~ ns.plain ~ "')" -%}
    {%- set between_letters = " -/:-@\\[-`{-~\u00a0\u00b4\u02bc\u0640\u2010-\u2015\u2018\u2019\u3000" -%}
    nullif({{ onefolk.regex_replace_all(without_marks, "[" ~ between_letters ~ "]", "") }}, '')
{%- endmacro %}
