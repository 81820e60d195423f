-- One row per identifier that joins people and has a link to another such: the account, all that records name together.
{{ config(
    materialized='connected_components',
    node_ids='hex',
    is_guarded=true,
    strongest_first=link_order(),
    contested=var('contested_identifiers'),
    most_nodes=var('max_profile_identifiers')
) }}

with links as (
    {{ links_taken_again(this, ref('account_links'), ref('account_link_journal')) }}
)

select * from links
