"""Why identifiers are one person, or are not: the evidence around one or two of them, read from the warehouse."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from orchestration.identity.explain_lookup import ExplainError, Subject, Tables, find
from orchestration.identity.explain_words import Identifier
from orchestration.identity.graph import Link, joining_path, neighbours, ordered, strongest_path
from orchestration.lock import BusyError, reading
from orchestration.settings import Settings
from orchestration.warehouse import Row, Warehouse, open_warehouse

_LINK = (
    "identifier_key_a, identifier_key_b, link_rule, link_strength, evidence_count, source_count, first_source,"
    " sample_record, first_seen_at, last_seen_at, expires_at"
)
_NEEDED = {
    ("identity", "identifiers"): {"identifier_key", "profile_id", "identifier_type", "record_count", "expires_at"},
    ("identity", "identity_links"): set(_LINK.split(", ")),
    ("identity", "identity_links_rejected"): {*_LINK.split(", "), "rejected_reason", "cause_key"},
    ("pii", "identifier_forms"): {"raw_value", "identifier_value", "identifier_key", "rejected_reason"},
}
_MEMBERS = "members as (select identifier_key from {identifiers} where profile_id in ($1, $2))"
_LINKS = f"""
with {_MEMBERS}
select {_LINK}, cast(null as text), cast(null as text) from {{links}}
where identifier_key_a in (select identifier_key from members)
"""
_REFUSED = f"""
with {_MEMBERS}
select {_LINK}, rejected_reason, cause_key from {{rejected}}
where identifier_key_a in (select identifier_key from members)
union
select {_LINK}, rejected_reason, cause_key from {{rejected}}
where identifier_key_b in (select identifier_key from members)
"""
# Besides the members of the profiles: the far ends of the links that were refused, and what decided against them.
_IDENTIFIERS = f"""
with {_MEMBERS},
refused as (
    select identifier_key_a, identifier_key_b, cause_key from {{rejected}}
    where
        identifier_key_a in (select identifier_key from members)
        or identifier_key_b in (select identifier_key from members)
),
named as (
    select identifier_key from members
    union select identifier_key_a from refused
    union select identifier_key_b from refused
    union select cause_key from refused where cause_key is not null
),
named_values as (
    select forms.identifier_key, min(forms.identifier_type) as identifier_type, min(forms.identifier_value) as value
    from {{forms}} as forms
    inner join named on forms.identifier_key = named.identifier_key
    group by forms.identifier_key
)
select
    named.identifier_key,
    coalesce(placed.identifier_type, named_values.identifier_type),
    named_values.value,
    placed.profile_id,
    placed.record_count,
    placed.first_seen_at,
    placed.last_seen_at,
    placed.expires_at
from named
left join {{identifiers}} as placed on named.identifier_key = placed.identifier_key
left join named_values on named.identifier_key = named_values.identifier_key
order by named.identifier_key
"""


@dataclass(frozen=True)
class Explanation:
    """The evidence around one or two subjects.

    `identifiers`: by key, the members of their profiles and whatever a refused link names besides. `links`: the
    accepted links of the profiles. `refused`: the links at a member that were not accepted. Both strongest first.
    """

    subjects: tuple[Subject, ...]
    identifiers: dict[str, Identifier]
    links: list[Link]
    refused: list[Link]

    @property
    def is_one_profile(self) -> bool:
        """Whether all subjects belong to one profile."""
        return len({subject.profile_id for subject in self.subjects}) == 1

    def identifier(self, key: str) -> Identifier:
        """The identifier of a key; one without a value while a build replaces one table after the other."""
        return self.identifiers.get(key) or Identifier(key, None, None, None, None, None, None, None)

    def members(self, profile_id: str) -> list[Identifier]:
        """The identifiers of a profile, by key."""
        return [identifier for identifier in self.identifiers.values() if identifier.profile_id == profile_id]

    def path(self) -> list[Link] | None:
        """The strongest path of accepted links between the two identifiers; None where it is no question of a path."""
        keys = self._named_keys()
        if len(keys) != 2 or not self.is_one_profile:
            return None
        return strongest_path(self.links, keys[0], keys[1])

    def refused_between(self) -> list[Link]:
        """Of two profiles, the refused links between them and those at either identifier that was named."""
        keys = set(self._named_keys())
        return [link for link in self.refused if {link.key_a, link.key_b} & keys or self._crosses(link)]

    def would_be_path(self) -> tuple[str, list[Link]] | None:
        """Of two profiles, the path with the fewest refused links that would have joined the subjects, or None.

        The key that it starts from, and its links. It stays inside the two profiles, and the identifiers of others at
        which refused links of both meet.
        """
        ends = [[subject.key] if subject.key else self._keys_of(subject.profile_id) for subject in self.subjects]
        return joining_path(self.links, self.refused, ends[0], ends[-1])

    def root(self) -> str:
        """The identifier that a drawing starts from: the one named first, else one end of the strongest link."""
        keys = self._named_keys()
        if keys:
            return keys[0]
        return self.links[0].key_a if self.links else self._keys_of(self.subjects[0].profile_id)[0]

    def refused_at(self) -> dict[str, list[Link]]:
        """The refused links at each identifier, strongest first."""
        return neighbours(self.refused)

    def _named_keys(self) -> list[str]:
        return list(dict.fromkeys(subject.key for subject in self.subjects if subject.key))

    def _keys_of(self, profile_id: str) -> list[str]:
        return [identifier.key for identifier in self.members(profile_id)]

    def _crosses(self, link: Link) -> bool:
        profiles = {self.identifier(link.key_a).profile_id, self.identifier(link.key_b).profile_id}
        return profiles == {subject.profile_id for subject in self.subjects}


def explain(settings: Settings, first: str, second: str | None = None) -> Explanation:
    """Find what is asked for, and read the evidence around it.

    Raise `ExplainError` where something isn't found or isn't unique, `BusyError` while somebody writes on DuckDB.
    """
    with looking_into(settings) as warehouse:
        return evidence_around(settings, warehouse, [first] if second is None else [first, second])


@contextmanager
def looking_into(settings: Settings) -> Iterator[Warehouse]:
    """The warehouse to read from.

    Raise `ExplainError` where there is none yet, `BusyError` while somebody writes on DuckDB.
    """
    if settings.target == "postgres":
        with open_warehouse(settings, read_only=True) as warehouse:
            yield warehouse
        return
    if not settings.warehouse_path.is_file():
        raise ExplainError("There is no warehouse yet: `onefolk run` builds yours, `onefolk demo` one to look at.")
    try:
        with reading(settings), open_warehouse(settings, read_only=True) as warehouse:
            yield warehouse
    except duckdb.IOException as error:
        raise BusyError(f"The warehouse is open elsewhere: {error}") from None


def check_built(settings: Settings, warehouse: Warehouse, needed: Mapping[tuple[str, str], set[str]]) -> None:
    """Raise `ExplainError` for the first table, by room and name, that is not there with the columns needed."""
    for (room, table), columns in needed.items():
        if not columns <= set(warehouse.columns(settings.work_schema(room), table)):
            raise ExplainError(f"{room}.{table} is not built, or by an older version: `onefolk build` builds it.")


def check_identity(settings: Settings, warehouse: Warehouse) -> None:
    """Raise `ExplainError` where a table is missing that `find` and the evidence are read from."""
    check_built(settings, warehouse, _NEEDED)


def evidence_around(settings: Settings, warehouse: Warehouse, asked: Sequence[str]) -> Explanation:
    """Find one or two things in an open warehouse, and the evidence around them; raise `ExplainError` as `explain`."""
    check_identity(settings, warehouse)
    tables = Tables(settings)
    subjects = tuple(find(warehouse, tables, text) for text in asked)
    profiles = [subjects[0].profile_id, subjects[-1].profile_id]
    rows = warehouse.rows(_IDENTIFIERS.format_map(vars(tables)), profiles)
    identifiers = {str(row[0]): Identifier(*row[:5], *map(utc, row[5:])) for row in rows}
    links = map(_link, warehouse.rows(_LINKS.format_map(vars(tables)), profiles))
    refused = map(_link, warehouse.rows(_REFUSED.format_map(vars(tables)), profiles))
    held = {identifier.profile_id for identifier in identifiers.values()}
    if not held.issuperset(profiles):
        raise ExplainError("The identity graph was built anew in this very moment: ask again.")
    return Explanation(subjects, identifiers, ordered(links), ordered(refused))


def _link(row: Row) -> Link:
    link = Link._make(row)
    if link.last_seen_at is None or link.last_seen_at.tzinfo is None:
        return link
    return link._replace(
        first_seen_at=utc(link.first_seen_at), last_seen_at=utc(link.last_seen_at), expires_at=utc(link.expires_at)
    )


def utc(moment: datetime | None) -> datetime | None:
    """A moment in UTC without a zone, whichever of the two the warehouse holds."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment is not None and moment.tzinfo else moment
