"""The three tiers of the oracle: accounts, then people, then their devices, each link by link from the strongest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.identity.graph_oracle import NEVER, UNDISPUTED, Groups, Link
from tests.identity.graph_rows import Identifier

if TYPE_CHECKING:
    from tests.identity.graph_oracle import _Judge

Names = set[tuple[str, str]]


def groups_of(judge: _Judge) -> tuple[list[frozenset[Identifier]], dict[int, str]]:
    """The people, and why links were not taken that no rule about their two ends forbids."""
    return _Tiers(judge).run()


class _Tiers:
    def __init__(self, judge: _Judge) -> None:
        self.judge, self.keys = judge, judge.keys
        self.good = [link for link in judge.links if link.reason is None]
        self.reasons: dict[int, str] = {}
        splits = [pair for pair, row in judge.decisions.items() if row.cells["action"] == "force_split"]
        self.marks: dict[Identifier, set[str]] = {one: {"user_id"} for one in judge.seen if one[0] == "user_id"}
        self.split_marks: dict[Identifier, set[str]] = {}
        for number, pair in enumerate(splits):
            for one in pair:
                self.marks.setdefault(one, set()).add(f"split {number}")
                self.split_marks.setdefault(one, set()).add(f"split {number}")

    def run(self) -> tuple[list[frozenset[Identifier]], dict[int, str]]:
        """Take the links of each tier in turn; a node of the next tier is a group of the one before."""
        # What only a steward names is nobody's yet, and still joins whom the steward joined through it.
        named = {one for link in self.good for one in (link.a, link.b)}
        nodes: dict[Identifier, Identifier] = {one: one for one in self.judge.seen | named}
        for tier in ("always", "undisputed", "never"):
            links = [link for link in self.good if link.tier == tier]
            if tier == "undisputed":
                lost = self._contested(links, nodes)
                self.reasons |= {id(link): "contested_value" for link in lost}
                links = [link for link in links if id(link) not in self.reasons]
            nodes = self._tier(links, nodes, people_are_apart=tier == "never")
        parts: dict[Identifier, set[Identifier]] = {}
        for one, node in nodes.items():
            parts.setdefault(node, set()).add(one)
        for link in self.good:
            if id(link) not in self.reasons and nodes[link.a] != nodes[link.b]:
                both = [
                    {mark for one in parts[nodes[end]] for mark in self.split_marks.get(one, ())}
                    for end in (link.a, link.b)
                ]
                self.reasons[id(link)] = "forced_split" if both[0] & both[1] else "unique_limit"
        seen = [frozenset(part & self.judge.seen) for part in parts.values()]
        return [part for part in seen if part], self.reasons

    def _tier(
        self, links: list[Link], nodes: dict[Identifier, Identifier], *, people_are_apart: bool
    ) -> dict[Identifier, Identifier]:
        marks: dict[Any, set[str]] = {}
        for one, node in nodes.items():
            marks.setdefault(node, set()).update(self.marks.get(one, ()))
            if people_are_apart and one[0] not in NEVER and one in self.judge.seen:
                marks[node].add("person")
        groups = Groups(marks)
        for link in sorted(links, key=lambda link: (*link.order(), *self._keys_of(link, nodes))):
            groups.unite(nodes[link.a], nodes[link.b])
        members = {group: min(found, key=self.keys.__getitem__) for group, found in groups.members.items()}
        return {one: members.get(groups.find(node), node) for one, node in nodes.items()}

    def _keys_of(self, link: Link, nodes: dict[Identifier, Identifier]) -> tuple[str, str]:
        """The keys of its ends; a group is known by the smallest."""
        a, b = sorted((link.a, link.b), key=self.keys.__getitem__)
        return (self.keys[nodes[a]], self.keys[nodes[b]])

    def _contested(self, links: list[Link], accounts: dict[Identifier, Identifier]) -> list[Link]:
        """The claims to a value that do not hold, because records of different people carry it."""
        people = self._people(accounts)
        claims: dict[Identifier, dict[Identifier, list[Link]]] = {}
        for link in links:
            for value, claimant in ((link.a, link.b), (link.b, link.a)):
                if value[0] in UNDISPUTED and claimant[0] not in UNDISPUTED:
                    claims.setdefault(value, {}).setdefault(accounts[claimant], []).append(link)
        lost: list[Link] = []
        for by_account in claims.values():
            best = min(by_account, key=lambda account: self._rank(account, by_account[account], people))
            named = people.get(best, set())
            others = {account: people.get(account, set()) for account in by_account if account != best}
            if any(_are_different(named, other) for other in others.values()):
                kept = {account for account, other in others.items() if _birth_dates(other) & _birth_dates(named)}
                lost += [link for account in others if account not in kept for link in by_account[account]]
        return lost

    def _people(self, accounts: dict[Identifier, Identifier]) -> dict[Identifier, Names]:
        found: dict[Identifier, Names] = {}
        for row in self.judge.rows:
            centre = self.judge.centres[id(row)]
            named = (str(row.cells.get("first_name") or "").lower(), str(row.cells.get("birth_date") or ""))
            if centre and any(named):
                found.setdefault(accounts[centre], set()).add(named)
        return found

    def _rank(self, account: Identifier, links: list[Link], people: dict[Identifier, Names]) -> tuple[Any, ...]:
        newest = max(link.last_seen for link in links)
        evidence = sum(len(link.evidence) for link in links)
        return (account not in people, -newest.year, -newest.month, -evidence, -newest.timestamp(), self.keys[account])


def _birth_dates(named: Names) -> set[str]:
    return {born for _, born in named if born}


def _first_names(named: Names) -> set[str]:
    return {name for name, _ in named if name}


def _are_different(one: Names, other: Names) -> bool:
    if _birth_dates(one) and _birth_dates(other):
        return not _birth_dates(one) & _birth_dates(other)
    return bool(_first_names(one) and _first_names(other) and not _first_names(one) & _first_names(other))
