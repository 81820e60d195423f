-- Fails if two identifiers share a profile that a unique type or a steward's decision keeps apart.
with marked_identifiers as (
    select
        identifiers.profile_id,
        separators.apart_as
    from {{ ref('identity_separators') }} as separators
    inner join {{ ref('identifiers') }} as identifiers on separators.identifier_key = identifiers.identifier_key
)

select
    profile_id,
    apart_as,
    count(*) as identifier_count
from marked_identifiers
group by profile_id, apart_as
having count(*) > 1
