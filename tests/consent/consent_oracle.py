"""What may be done, worked out in plain Python from what people said: the sentences of the consent room, one by one.

It is told who is who (the identity room has oracles of its own), and keeps for itself what is remembered from run to
run: since when an identifier is somebody's, and whom a request asked to leave alone.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orchestration.settings import PROJECT_DIR
from tests.consent.consent_draw import Identifier, Landed

YES, NO, END = "yes", "no", "end"
KNOWN = {"crm_contact_id", "shop_customer_id", "loyalty_id", "user_id", "email", "phone"}
Allowed = set[tuple[str, str, str]]


def _seed(name: str) -> list[dict[str, str]]:
    with (PROJECT_DIR / "seeds" / "consent" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


PURPOSES = {row["purpose"]: row for row in _seed("purposes")}
CHANNELS = {row["channel"]: row for row in _seed("channels")}
CATEGORIES = _seed("consent_categories")


@dataclass(frozen=True)
class Said:
    """One statement by one identifier about one purpose and channel; without a moment it is older than all others."""

    identifier: Identifier
    purpose: str
    channel: str
    kind: str
    at: datetime | None
    until: datetime | None = None
    is_record: bool = False

    def holds(self, now: datetime) -> bool:
        """A yes that has begun and not ended."""
        return self.kind == YES and (self.at or now) <= now and (self.until is None or self.until > now)

    def order(self, now: datetime) -> tuple[datetime, int, bool]:
        """The later, the more it counts; at the same moment the stricter."""
        return (self.at or datetime.min, {YES: 0, END: 1, NO: 2}[self.kind], not self.holds(now))


@dataclass
class Memory:
    """What outlives a run: since when an identifier is whose, and the list of who is left alone, by request."""

    owners: dict[Identifier, tuple[str, datetime]] = field(default_factory=dict)
    asked: dict[tuple[str, str], tuple[Identifier, datetime, set[Identifier]]] = field(default_factory=dict)

    def see(self, owners: Mapping[Identifier, str], now: datetime) -> None:
        """Take note of who is who in this run."""
        before = self.owners
        self.owners = {
            one: (owner, before[one][1] if one in before and before[one][0] == owner else now)
            for one, owner in owners.items()
        }

    def people(self) -> dict[str, set[Identifier]]:
        """Each profile with its identifiers."""
        found: dict[str, set[Identifier]] = {}
        for one, (owner, _) in self.owners.items():
            found.setdefault(owner, set()).add(one)
        return found

    def read_requests(self, rows: Iterable[Landed], now: datetime) -> None:
        """Remember a request once, with whoever the person is now."""
        people = self.people()
        for row in rows:
            kind = str(row.cells.get("type")).lower()
            if row.table != "privacy.requests" or kind not in ("objection", "erasure"):
                continue
            named = _normal(row.cells["id_type"], row.cells["id_value"])
            person = people.get(self.owners[named][0], set())
            others = {one for one in person if one[0] in KNOWN}
            moment = min(row.cells["received_at"], now)
            self.asked.setdefault((row.key[1], kind), (named, moment, {named, *others}))


def _normal(kind: str, value: str) -> Identifier:
    return (kind, value.strip().lower() if kind == "email" else value.strip())


def _covers(said: str | None, known: Iterable[str]) -> list[str]:
    return list(known) if said is None else [one for one in known if one == said.lower()]


def _records(row: Landed) -> Iterator[Said]:
    cells = row.cells
    status = str(cells["status"]).lower()
    purposes, channels = _covers(cells["purpose"], PURPOSES), _covers(cells["channel"], CHANNELS)
    if status == "granted":
        if cells["purpose"] is None or str(cells["legal_basis"] or "consent").lower() != "consent":
            return
        kind, at = YES, cells["collected_at"]
    else:
        kind, at = (NO if status in ("denied", "revoked") else END), cells["collected_at"] or row.loaded_at
        channels = channels or list(CHANNELS)
    one = _normal(cells["id_type"], cells["id_value"])
    for purpose in purposes:
        for channel in channels:
            yield Said(one, purpose, channel, kind, at, cells["valid_until"], is_record=True)


def _unsubscribes(row: Landed, messages: Mapping[str, Landed]) -> Iterator[Said]:
    if row.cells["type"].lower() not in ("unsubscribed", "complained"):
        return
    message = messages[row.cells["message_id"]].cells
    channels = _covers(message["channel"], CHANNELS) or list(CHANNELS)
    named = {kind: message[column] for kind, column in (("email", "recipient_email"), ("phone", "recipient_phone"))}
    address = {"email": "email", "sms": "phone"}.get(str(message["channel"]).lower())
    if address and named[address]:
        ones = [(address, named[address])]
    else:
        ones = [(kind, value) for kind, value in [*named.items(), ("user_id", message["user_id"])] if value]
    for kind, value in ones:
        for purpose, about in PURPOSES.items():
            if about["is_ended_by_unsubscribe"] == "true":
                for channel in channels:
                    yield Said(_normal(kind, value), purpose, channel, NO, row.cells["occurred_at"])


def _choices(row: Landed) -> Iterator[Said]:
    cells = row.cells
    told = ((cells.get("context") or {}).get("consent") or {}).get("categoryPreferences")
    if cells.get("event") != "Segment Consent Preference Updated":
        return
    one = ("user_id", cells["user_id"]) if cells["user_id"] else ("anonymous_id", cells["anonymous_id"])
    for purpose, channel in {(row["purpose"], row["channel"]) for row in CATEGORIES if row["purpose"]}:
        mine = {row["category"].lower() for row in CATEGORIES if (row["purpose"], row["channel"]) == (purpose, channel)}
        answers = [answer is True for name, answer in (told or {}).items() if name.lower() in mine]
        kind = END if not answers else YES if all(answers) else NO
        for each in [channel] if channel else CHANNELS:
            yield Said(one, purpose, each, kind, cells["timestamp"])


def _opt_ins(row: Landed) -> Iterator[Said]:
    if row.cells["accepts_marketing"]:
        for purpose, about in PURPOSES.items():
            if about["is_granted_by_opt_in"] == "true":
                yield Said(_normal("email", row.cells["email"]), purpose, "email", YES, row.cells["created_at"])


def statements(rows: Iterable[Landed]) -> list[Said]:
    """Everything that people said."""
    rows = list(rows)
    messages = {row.key[1]: row for row in rows if row.table == "engagement.messages"}
    found: list[Said] = []
    for row in rows:
        match row.table:
            case "consent.records":
                found += _records(row)
            case "engagement.message_events":
                found += _unsubscribes(row, messages)
            case "events.events":
                found += _choices(row)
            case "commerce.customers":
                found += _opt_ins(row)
    return found
