"""Who is who by the rules as they are written down, one link at a time: what the SQL is compared with."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.identity.graph_rows import Identifier, Landed

# Strongest first.
TYPES = ("crm_contact_id", "shop_customer_id", "loyalty_id", "user_id", "email", "phone")
TYPES += ("card_fingerprint", "anonymous_id", "device_id", "cookie_id")
STRENGTHS = {name: strength for strength, name in enumerate(TYPES, start=1)}
UNDISPUTED, NEVER = {"phone"}, {"card_fingerprint", "anonymous_id", "device_id", "cookie_id"}
MOST_CLAIMANTS = {
    "email": 25,
    "phone": 12,
    "card_fingerprint": 12,
    "anonymous_id": 20,
    "device_id": 20,
    "cookie_id": 20,
}
DAYS_UNSEEN = {"card_fingerprint": 1095, "anonymous_id": 395, "device_id": 395, "cookie_id": 395}
DAYS_AT_MOST = {"anonymous_id": 760, "device_id": 760, "cookie_id": 760}
THIRD_PARTY_DAYS, SURE_ENOUGH = 90, 0.8
THIRD_PARTY = {"dmp.devices", "dmp.device_links"}
# Of the values that the seed blocks, those that worlds hold.
NOBODY = {"unknown", "n/a"}

Keys = dict[Identifier, str]
Pair = tuple[str, str, str]


@dataclass
class Link:
    """What all records say about two identifiers, under one rule."""

    a: Identifier
    b: Identifier
    rule: str
    evidence: list[tuple[datetime, datetime]]
    confidence: float | None = None
    reason: str | None = None

    @property
    def tier(self) -> str:
        """Whom it may join."""
        kinds = {self.a[0], self.b[0]}
        if self.rule == "steward_link":
            return "always"
        return "never" if kinds & NEVER else "undisputed" if kinds & UNDISPUTED else "always"

    @property
    def last_seen(self) -> datetime:
        """The newest sighting."""
        return max(last for _, last in self.evidence)

    def order(self) -> tuple[Any, ...]:
        """The stronger, the smaller; keys come after it."""
        strength = 0 if self.rule == "steward_link" else max(STRENGTHS[self.a[0]], STRENGTHS[self.b[0]])
        month = (self.last_seen.year, self.last_seen.month)
        return (strength, [-part for part in month], -len(self.evidence), -self.last_seen.timestamp())

    def has_ended(self, clock: datetime) -> bool:
        """Nobody saw it for too long, or it is too old altogether."""
        first, ends = min(first for first, _ in self.evidence), []
        for kind in (self.a[0], self.b[0]):
            days = DAYS_UNSEEN.get(kind) if self.rule == "same_record" else THIRD_PARTY_DAYS
            ends += [self.last_seen + timedelta(days=days)] if days else []
            ends += [first + timedelta(days=DAYS_AT_MOST[kind])] if kind in DAYS_AT_MOST else []
        return any(end <= clock for end in ends)


class Groups:
    """Union-find whose groups remember their members and the marks that may not meet."""

    def __init__(self, marks: dict[Any, set[str]] | None = None) -> None:
        self.parent: dict[Any, Any] = {}
        self.members: dict[Any, list[Any]] = {}
        self.marks = marks or {}

    def find(self, node: Any) -> Any:
        """The group of a node."""
        if node not in self.parent:
            self.parent[node], self.members[node] = node, [node]
        while self.parent[node] != node:
            node = self.parent[node]
        return node

    def unite(self, a: Any, b: Any) -> bool:
        """Join two groups unless their marks meet; whether they are one now."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return True
        marks_a, marks_b = (
            [mark for node in self.members[group] for mark in self.marks.get(node, ())] for group in (a, b)
        )
        if set(marks_a) & set(marks_b):
            return False
        self.parent[b] = a
        self.members[a] += self.members.pop(b)
        return True


@dataclass
class Truth:
    """What the rules make of the rows of one moment."""

    groups: list[frozenset[Identifier]]
    links: dict[Pair, str | None] = field(default_factory=dict)


def judge(rows: Iterable[Landed], keys: Keys, clock: datetime) -> Truth:
    """The people of these rows, and every link with its reason or None."""
    return _Judge(list(rows), keys, clock).truth()


class _Judge:
    def __init__(self, rows: list[Landed], keys: Keys, clock: datetime) -> None:
        self.keys, self.clock = keys, clock
        overrides = [row for row in rows if row.table == "steward.identity_overrides" and self._stands(row)]
        self.rows = [row for row in rows if row.table != "steward.identity_overrides"]
        self.consents = [row for row in rows if row.table == "consent.records"]
        self.decisions = self._latest(overrides)
        self.blocked = {row.identifiers()[0] for row in overrides if row.cells["action"] == "block"}
        self.blocked |= {one for row in rows for one in row.identifiers() if one[1] in NOBODY}
        self.shared = self._shared()
        self.seen = {one for row in self.rows for one in row.identifiers()} - self.blocked
        self.centres = {id(row): self._centre(row) for row in self.rows}
        self.links = self._links()

    def _stands(self, row: Landed) -> bool:
        revoked = row.cells.get("revoked_at")
        return not isinstance(revoked, datetime) or revoked > self.clock

    def _latest(self, overrides: list[Landed]) -> dict[frozenset[Identifier], Landed]:
        """Of two decisions about the same two the later counts; of the same moment, the one that keeps apart."""
        found: dict[frozenset[Identifier], Landed] = {}
        for row in sorted(overrides, key=lambda row: (row.seen()[0], row.cells["action"] == "force_split")):
            if row.cells["action"] != "block" and len(row.identifiers()) == 2:
                found[frozenset(row.identifiers())] = row
        return found

    def _usable(self, row: Landed) -> list[Identifier]:
        found = [one for one in row.identifiers() if one not in self.blocked]
        return sorted(found, key=lambda one: (STRENGTHS[one[0]], self.keys[one]))

    def _shared(self) -> set[Identifier]:
        claimants: dict[Identifier, set[Identifier]] = defaultdict(set)
        for row in self.rows:
            if row.table in THIRD_PARTY:
                continue
            for one in self._usable(row):
                beside = [other for other in self._usable(row) if other != one and other[0] not in NEVER]
                claimants[one] |= set(beside[:1])
        return {one for one, found in claimants.items() if len(found) > MOST_CLAIMANTS.get(one[0], len(found))}

    def _centre(self, row: Landed) -> Identifier | None:
        usable = self._usable(row)
        return min(usable, key=lambda one: one in self.shared) if usable else None

    def _links(self) -> list[Link]:
        found: dict[Pair, Link] = {}
        for row in self.rows:
            centre = self.centres[id(row)]
            rule = "third_party_record" if row.table in THIRD_PARTY else "same_record"
            for other in row.identifiers() if centre else []:
                if centre and other != centre:
                    link = found.setdefault(self._pair(centre, other, rule), Link(centre, other, rule, []))
                    link.evidence.append(row.seen())
                    sure = row.cells.get("confidence")
                    link.confidence = max(float(str(sure)), link.confidence or 0) if sure else link.confidence
        for pair, row in self.decisions.items():
            if row.cells["action"] == "force_link":
                a, b = pair
                found[self._pair(a, b, "steward_link")] = Link(a, b, "steward_link", [row.seen()])
        for link in found.values():
            link.reason = self._reason(link)
        return list(found.values())

    def _reason(self, link: Link) -> str | None:
        reasons = {
            "blocked_value": link.rule != "steward_link" and bool({link.a, link.b} & self.blocked),
            "degree_limit": bool({link.a, link.b} & self.shared),
            "low_confidence": link.confidence is not None and link.confidence < SURE_ENOUGH,
            "expired": link.has_ended(self.clock),
            "no_consent": link.rule == "third_party_record" and not (self._agreed(link.a) or self._agreed(link.b)),
        }
        found = [reason for reason, holds in reasons.items() if holds]
        return found[0] if found and link.rule != "steward_link" else None

    def _agreed(self, one: Identifier) -> bool:
        said = [row for row in self.consents if one in row.identifiers()]
        said = [row for row in said if row.cells.get("purpose") in (None, "advertising")]
        last = max(said, key=lambda row: (row.seen()[0], row.cells["status"] != "granted"), default=None)
        if last is None or last.cells["status"] != "granted" or last.seen()[0] > self.clock:
            return False
        until = last.cells.get("valid_until")
        return not isinstance(until, datetime) or until > self.clock

    def _pair(self, a: Identifier, b: Identifier, rule: str) -> Pair:
        first, second = sorted((self.keys[a], self.keys[b]))
        return (first, second, rule)

    def truth(self) -> Truth:
        """Accounts, then people, then devices."""
        from tests.identity.graph_oracle_tiers import groups_of

        groups, reasons = groups_of(self)
        links = {self._pair(link.a, link.b, link.rule): reasons.get(id(link), link.reason) for link in self.links}
        return Truth(groups, links)
