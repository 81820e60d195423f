-- One row per audience, profile and condition, of members and near misses: what holds, and by which value.
{{ config(materialized='view', access='public') }}

with evidence as (
    {% for name in var('audiences') %}
        {{ condition_evidence(name) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from evidence
