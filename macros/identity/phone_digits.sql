{#- '+' and digits of an international notation, digits of any other, or null. Letters that are neither a label before
    the number, an extension, nor a note in brackets behind it make it null: what they stand for is a guess. -#}
{% macro phone_digits(expression) -%}
    {%- set digits = ['٠١٢٣٤٥٦٧٨٩', '۰۱۲۳۴۵۶۷۸۹', '０１２３４５６７８９', '०१२३४५६७८९', '০১২৩৪৫৬৭৮৯', '๐๑๒๓๔๕๖๗๘๙'] -%}
    {%- set steps = [
        ('^[^0-9+]*([0-9(][^;]*);(?:[^;]*;)*phone-context=([+][0-9]+)', '\\2 \\1 '),
        (';[a-z-]+=[^;]*', ''),
        ('[ .,;/-]*(?:ext[a-z]*|x+|#|доб)[.: ]*[0-9]{1,9}#?[^0-9a-z]*$', ''),
        ('[(][a-z .]+[)][^0-9a-z]*$', ''),
        ('^[^0-9+]+', ''),
        ('^([+]?[0-9]+)[.]0$', '\\1'),
        ("[ \t\r\n\u00a0\u00ad\u2000-\u2015\u202a-\u202f\u2060\u2066-\u2069\u2212\u3000\u30fc\uff08\uff09\uff0d-\uff0f\ufeff./()~\u301c\uff5e[\\]-]", ''),
        ('^[+]+', '+'),
    ] -%}
    {%- set ns = namespace(sql="lower(translate(cast(" ~ expression ~ " as " ~ dbt.type_string() ~ "), '"
        ~ digits | join ~ "＋', '" ~ '0123456789' * (digits | length) ~ "+'))") -%}
    {%- for pattern, replacement in steps -%}
        {%- set ns.sql = onefolk.regex_replace_all(ns.sql, pattern, replacement) -%}
    {%- endfor -%}
    {{ onefolk.regex_extract(ns.sql, '^[+]?[0-9]{3,20}$') }}
{%- endmacro %}
