-- One row per account or value with an undisputed link to another: the person.
{{ config(
    materialized='connected_components',
    node_ids='hex',
    is_guarded=true,
    strongest_first=link_order(),
    contested=var('contested_identifiers'),
    most_nodes=var('max_profile_identifiers')
) }}

with links as (
    {{ links_taken_again(this, ref('person_links'), ref('person_link_journal')) }}
)

select * from links
