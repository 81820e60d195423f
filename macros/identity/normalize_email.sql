{#- The address alone, out of what people and exports put around it: a name and angle brackets, mailto:, quotes, spaces,
    characters of no width, a full stop behind it. No rule of a provider is applied here: see email_match_key. -#}
{% macro normalize_email(expression) -%}
    {%- set spaces = " \t\r\n\x0b\x0c\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000" -%}
    {%- set no_width = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff" -%}
    {%- set others = "\x01-\x1f\x7f-\x9f" ~ spaces -%}
    {%- set in_local_part = "[^@<>(),:;\"\\[\\]\\\\" ~ others ~ "]" -%}
    {%- set in_label = "[^!-,./:-@\\[-`{-~" ~ others ~ "]" -%}
    {%- set in_last_label = "[^!-@\\[-`{-~" ~ others ~ "]" -%}
    {%- set last_label = "(?:" ~ in_last_label ~ "{2,63}|xn--[a-z0-9-]+)" -%}
    {%- set address = "^" ~ in_local_part ~ "+@(?:" ~ in_label ~ "+[.])+" ~ last_label ~ "$" -%}
    {%- set ns = namespace(sql=onefolk.lower_text("cast(" ~ expression ~ " as " ~ dbt.type_string() ~ ")")) -%}
    {%- for pattern, replacement in [
        ("[" ~ no_width ~ "]", ""),
        ("^[^<]*<([^<>]*)>[^<>]*$", "\\1"),
        ("^[" ~ spaces ~ "\"']*(?:mailto:)?[" ~ spaces ~ "\"']*", ""),
        ("[?][^@]*$", ""),
        ("[" ~ spaces ~ ".,;\"']+$", ""),
    ] -%}
        {%- set ns.sql = onefolk.regex_replace_all(ns.sql, pattern, replacement) -%}
    {%- endfor -%}
    {%- set ns.sql = onefolk.regex_extract(onefolk.unicode_nfc(ns.sql), address) -%}
    case when length({{ ns.sql }}) <= 254 then {{ ns.sql }} end
{%- endmacro %}
