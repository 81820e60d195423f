"""How right an identity graph is, against the truth: pairs, B-cubed, people merged and split. Knows no warehouse.

Nothing loops over pairs. Identifiers of one profile with the same owners form a group, and pairs are counted by the
sizes of groups, so the work grows with the number of identifiers and not with the square of a profile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from orchestration.identity.scores import Evaluation, TypeEvaluation

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Evidence:
    """What is measured, as Arrow tables.

    `identifiers`: identifier (bigint, numbered from 0 without gaps), identifier_type (text), profile (bigint, or null
    for one that no profile holds). `owners`: identifier, person; no row for an identifier that the truth doesn't know,
    several for a shared one. `records`: record, identifier; the records of our own alone.
    """

    identifiers: pa.Table
    owners: pa.Table
    records: pa.Table


# Each `create table` is read by those after it. A profile of its own stands for no profile: nothing is joined with it.
_GROUPS = """
create table known as
    select
        identifiers.identifier,
        identifiers.identifier_type,
        coalesce(identifiers.profile, -1 - identifiers.identifier) as profile,
        owner_lists.people,
        min(identifiers.identifier) over (partition by owner_lists.people) as owner_set
    from identifiers
    inner join (select identifier, list(distinct person order by person) as people from owners group by identifier)
        as owner_lists on identifiers.identifier = owner_lists.identifier;
create table sole as
    select identifier, identifier_type, profile, people[1] as person from known where len(people) = 1;
create table groups as
    select
        profile,
        owner_set,
        count(*) as size,
        len(any_value(people)) = 1 as is_sole,
        sum(count(*)) over (partition by profile) as profile_size
    from known
    group by profile, owner_set;
create table members as
    select groups.profile, groups.owner_set, owner_sets.person
    from groups
    inner join (select distinct owner_set, unnest(people) as person from known) as owner_sets
        on groups.owner_set = owner_sets.owner_set;
create table judged as
    with touching as (
        select distinct one.profile, one.owner_set, other.owner_set as other_set
        from members as one
        inner join members as other on one.profile = other.profile and one.person = other.person
    )
    select groups.*, sum(others.size) as right_size
    from groups
    inner join touching on groups.profile = touching.profile and groups.owner_set = touching.owner_set
    inner join groups as others on touching.profile = others.profile and touching.other_set = others.owner_set
    group by all;
"""

_LINKS = """
    with holdings as (
        select
            records.identifier,
            min(records.identifier) over (partition by records.record, sole.person) as hub
        from records
        inner join sole on records.identifier = sole.identifier
    )
    select distinct hub, identifier from holdings where hub <> identifier
"""

_CHAINS = """
create table chained as
    select sole.*, chains.chain, count(*) over (partition by chains.chain) as chain_size
    from sole
    inner join chains on sole.identifier = chains.identifier;
create table chain_parts as
    select chain, person, profile, any_value(chain_size) as chain_size, count(*) as size
    from chained
    group by chain, person, profile;
"""

_TYPES = """
    select
        identifiers.identifier_type,
        count(*),
        count(*) filter (where known.identifier is null),
        count(*) filter (where judged.right_size < judged.profile_size),
        count(*) filter (where parts.size < parts.chain_size)
    from identifiers
    left join known on identifiers.identifier = known.identifier
    left join judged on known.profile = judged.profile and known.owner_set = judged.owner_set
    left join chained on identifiers.identifier = chained.identifier
    left join chain_parts as parts on chained.chain = parts.chain and chained.profile = parts.profile
    group by identifiers.identifier_type
    order by 2 desc, 1
"""


def measure(evidence: Evidence, scratch: duckdb.DuckDBPyConnection) -> Evaluation:
    """Measure a graph; `scratch` is an empty in-memory database, whose memory limit bounds the work."""
    for name in ("identifiers", "owners", "records"):
        scratch.register(name, getattr(evidence, name))
    scratch.execute(_GROUPS)
    hubs, ends = (column.astype(np.int64) for column in scratch.execute(_LINKS).fetchnumpy().values())
    count = evidence.identifiers.num_rows
    chains = pa.table({"identifier": np.arange(count), "chain": connected(count, hubs, ends)})
    scratch.register("chains", chains)
    scratch.execute(_CHAINS)

    predicted, double_right, over_merged, b_cubed_precision = _row(
        scratch,
        """select
            (
                select sum(profile_size * (profile_size - 1)) // 2
                from (select distinct profile, profile_size from judged)
            ),
            sum(size * (right_size - 1)),
            count(distinct profile) filter (where right_size < profile_size),
            sum(size * right_size / profile_size) filter (where is_sole) / sum(size) filter (where is_sole)
        from judged""",
    )
    knowable, found, split, b_cubed_recall = _row(
        scratch,
        """select
            (select sum(chain_size - 1) // 2 from chained),
            sum(size * (size - 1)) // 2,
            count(distinct person) filter (where size < chain_size),
            sum(size * size / chain_size) / sum(size)
        from chain_parts""",
    )
    (over_merged_people,) = _row(
        scratch,
        """select count(distinct person) from sole
        where profile in (select profile from judged where right_size < profile_size)""",
    )
    profiles, largest, placed = _row(
        scratch,
        """select count(*), max(size), sum(size)
        from (select count(*) as size from identifiers where profile is not null group by profile)""",
    )
    types = tuple(TypeEvaluation(*row) for row in scratch.execute(_TYPES).fetchall())
    return Evaluation(
        predicted_pairs=int(predicted or 0),
        wrong_pairs=int(predicted or 0) - int(double_right or 0) // 2,
        knowable_pairs=int(knowable or 0),
        missed_pairs=int(knowable or 0) - int(found or 0),
        b_cubed_precision=b_cubed_precision,
        b_cubed_recall=b_cubed_recall,
        profiles=profiles,
        over_merged_profiles=over_merged,
        over_merged_people=over_merged_people,
        split_people=split,
        largest_profile=int(largest or 0),
        identifiers=count,
        unknown_identifiers=sum(kind.unknown for kind in types),
        unplaced_identifiers=count - int(placed or 0),
        types=types,
    )


def connected(count: int, ones: Numbers, others: Numbers) -> Numbers:
    """The smallest node of each node's connected set, for nodes 0 to `count` - 1 and links `ones[i]` - `others[i]`."""
    label = np.arange(count)
    while len(ones):
        ones, others = label[ones], label[others]
        differ = ones != others
        ones, others = ones[differ], others[differ]
        np.minimum.at(label, np.maximum(ones, others), np.minimum(ones, others))
        while not np.array_equal(label, shorter := label[label]):
            label = shorter
    return label


def _row(scratch: duckdb.DuckDBPyConnection, sql: str) -> Sequence[Any]:
    return scratch.execute(sql).fetchall()[0]
