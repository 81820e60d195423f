"""The five rules of ids, followed run by run: heir, survivor, restore, mint, retire."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.identity.graph_rows import Identifier
from tests.identity.graph_world import LOG, Snapshot

Group = frozenset[Identifier]


@dataclass(frozen=True)
class Minted:
    """An id: in which run it was minted, and for which identifier."""

    run: int
    anchored_at: datetime
    anchor: Identifier


@dataclass
class IdRules:
    """What is known of the ids so far; `follow` takes the next run and says what it should have done otherwise."""

    minted: dict[str, Minted] = field(default_factory=dict)
    retired: set[str] = field(default_factory=set)
    last: dict[Identifier, str] = field(default_factory=dict)
    run: int = 0

    def follow(self, snapshot: Snapshot) -> list[str]:
        """Compare the ids of a run with the rules, then take them as they are."""
        first_seen = {
            snapshot.identifiers[row["identifier_key"]]: row["first_seen_at"] for row in snapshot.tables["identifiers"]
        }
        chosen = self._survivors(snapshot, first_seen)
        chosen |= self._restored(snapshot, chosen)
        wrong = []
        for group in snapshot.groups:
            actual = snapshot.profiles[next(iter(group))]
            if group in chosen and actual != chosen[group]:
                wrong.append(f"{sorted(group)} got {actual}, not {chosen[group]}")
            if group not in chosen and actual in self.minted:
                wrong.append(f"{sorted(group)} got {actual} of before, not a new one")
            if actual not in self.minted:
                self.minted[actual] = self._minted(snapshot, actual)
                oldest = min(first_seen[one] for one in group)
                if self.minted[actual].anchor not in group or first_seen[self.minted[actual].anchor] != oldest:
                    wrong.append(f"{sorted(group)} has its id from {self.minted[actual].anchor}")
        ended = set(self.last.values()) - set(snapshot.profiles.values())
        self.retired |= {
            profile
            for profile in ended
            if not any(one in snapshot.profiles for one, had in self.last.items() if had == profile)
        }
        self.last, self.run = dict(snapshot.profiles), self.run + 1
        return wrong

    def _minted(self, snapshot: Snapshot, profile: str) -> Minted:
        """The log says for which identifier; that it is one of those seen first is a rule."""
        anchors = [row for row in snapshot.rows(LOG, profile_id=profile) if row["anchored_at"] is not None]
        assert len(anchors) == 1, f"{profile} was minted for {len(anchors)} identifiers"
        return Minted(self.run, anchors[0]["anchored_at"], snapshot.identifiers[anchors[0]["identifier_key"]])

    def _age(self, profile: str) -> tuple[Any, ...]:
        minted = self.minted[profile]
        return (minted.run, minted.anchored_at, profile)

    def _survivors(self, snapshot: Snapshot, first_seen: dict[Identifier, datetime]) -> dict[Group, str]:
        shares: dict[str, dict[Group, list[Identifier]]] = {}
        for group in snapshot.groups:
            for one in group & self.last.keys():
                shares.setdefault(self.last[one], {}).setdefault(group, []).append(one)
        heirs: dict[Group, list[str]] = {}
        for profile, by_group in shares.items():
            heir = min(
                by_group,
                key=lambda group: (
                    self.minted[profile].anchor not in by_group[group],
                    -len(by_group[group]),
                    min(first_seen[one] for one in by_group[group]),
                    min(snapshot.keys[one] for one in group),
                ),
            )
            heirs.setdefault(heir, []).append(profile)
        return {group: min(profiles, key=self._age) for group, profiles in heirs.items()}

    def _restored(self, snapshot: Snapshot, chosen: dict[Group, str]) -> dict[Group, str]:
        lost = self.minted.keys() - set(self.last.values()) - self.retired
        found: dict[Group, str] = {}
        for profile in sorted(lost, key=self._age):
            anchor = self.minted[profile].anchor
            for group in snapshot.groups:
                if anchor in group and anchor in self.last and group not in chosen:
                    found.setdefault(group, profile)
        return found
