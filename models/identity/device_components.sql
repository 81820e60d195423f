-- One row per person, device or cookie with a link to another: the profile, of one person at most.
{{ config(
    materialized='connected_components',
    node_ids='hex',
    is_guarded=true,
    strongest_first=link_order(),
    contested=var('contested_identifiers'),
    most_nodes=var('max_profile_identifiers')
) }}

with links as (
    {{ links_taken_again(this, ref('device_links'), ref('device_link_journal')) }}
)

select * from links
