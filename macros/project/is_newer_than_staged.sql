{#- Of two versions of a row the later landed one counts, also where the earlier one had to wait for its time. -#}
{% macro is_newer_than_staged(key) -%}
    {%- if not (this and is_incremental()) -%} {{ return('true') }} {%- endif -%}
    not exists (
        select 1 from {{ this }} as staged
        where
            staged.{{ key }} = renamed.{{ key }}
            and (
                staged.loaded_at > renamed.loaded_at
                or (
                    staged.loaded_at = renamed.loaded_at
                    and (
                        {{ onefolk.byte_order('staged.source_file') }} > renamed.source_file
                        or (staged.source_file = renamed.source_file and staged.source_row >= renamed.source_row)
                    )
                )
            )
    )
{%- endmacro %}
