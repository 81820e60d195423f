"""Small worlds of a few people: raw rows that appear, change and vanish from run to run, and the records they make.

The values of a world carry its name, so that many worlds share one warehouse and none of them meets another.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zlib import crc32

# The first run, and the days after it on which the next ones happen; 89, 90 and 91 are where 90 days end.
START = datetime(2026, 1, 10, 6)
RUN_DAYS = (0, 20, 45, 89, 90, 91, 150)
RUNS = tuple(START + timedelta(days=days) for days in RUN_DAYS)

# Columns that hold identifiers, in tables that name people; what stands first is the key.
IDENTIFIERS = {
    "crm.contacts": {"contact_id": "crm_contact_id", "email": "email", "phone": "phone", "mobile": "phone"},
    "commerce.customers": {"shop_customer_id": "shop_customer_id", "email": "email", "phone": "phone"},
    "commerce.orders": {
        "order_id": "",
        "shop_customer_id": "shop_customer_id",
        "email": "email",
        "phone": "phone",
        "anonymous_id": "anonymous_id",
    },
    "pos.loyalty_members": {"loyalty_id": "loyalty_id", "email": "email", "phone": "phone"},
    "pos.transactions": {
        "transaction_id": "",
        "loyalty_id": "loyalty_id",
        "email": "email",
        "phone": "phone",
        "card_fingerprint": "card_fingerprint",
    },
    "events.events": {
        "message_id": "",
        "user_id": "user_id",
        "previous_id": "anonymous_id",
        "email": "email",
        "anonymous_id": "anonymous_id",
        "device_id": "device_id",
    },
    "dmp.devices": {"device_id": "device_id", "cookie_id": "cookie_id"},
    "dmp.device_links": {"id_a": "", "id_b": "", "provider": ""},
    "consent.records": {"consent_id": ""},
    "steward.identity_overrides": {"override_id": ""},
}
# Columns of values whose type stands in another column of the row.
TYPED = {"id_value": "id_type", "id_value_a": "id_type_a", "id_value_b": "id_type_b", "id_a": "id_type_a"}
TYPED["id_b"] = "id_type_b"
# How the records of a table say when they were first and last seen.
SEEN = {
    "crm.contacts": (("created_at", "updated_at"), ("updated_at", "created_at")),
    "commerce.customers": (("created_at", "updated_at"), ("updated_at", "created_at")),
    "commerce.orders": (("ordered_at",), ("ordered_at",)),
    "pos.loyalty_members": (("enrolled_at", "updated_at"), ("updated_at", "enrolled_at")),
    "pos.transactions": (("occurred_at",), ("occurred_at",)),
    "events.events": (("timestamp", "received_at"), ("timestamp", "received_at")),
    "dmp.devices": (("first_seen_at", "last_seen_at"), ("last_seen_at", "first_seen_at")),
    "dmp.device_links": (("observed_at",), ("observed_at",)),
    "consent.records": (("collected_at",), ("collected_at",)),
    "steward.identity_overrides": (("created_at",), ("created_at",)),
}
Identifier = tuple[str, str]
Row = Mapping[str, str | datetime | None]


@dataclass(frozen=True)
class Landed:
    """One version of a row as it landed, its cells as the world wrote them."""

    table: str
    cells: Row
    loaded_at: datetime
    row_no: int

    @property
    def key(self) -> tuple[str, ...]:
        """What later versions of the row share with it."""
        names = list(IDENTIFIERS[self.table])
        names = names if self.table == "dmp.device_links" else names[:1]
        return (self.table, *(str(self.cells.get(name)) for name in names))

    @property
    def version(self) -> tuple[datetime, datetime, int]:
        """The later, the more it counts."""
        updated = self.cells.get("updated_at")
        return (updated if isinstance(updated, datetime) else self.loaded_at, self.loaded_at, self.row_no)

    def identifiers(self) -> list[Identifier]:
        """Each identifier in it once."""
        columns = IDENTIFIERS[self.table].items()
        found = [(kind, self.cells.get(name)) for name, kind in columns if kind]
        found += [(str(self.cells.get(kind)), self.cells.get(name)) for name, kind in TYPED.items()]
        return list(dict.fromkeys((kind, str(value)) for kind, value in found if value))

    def seen(self) -> tuple[datetime, datetime]:
        """When its record was first and last seen."""
        first, last = (
            next((moment for name in names if isinstance(moment := self.cells.get(name), datetime)), self.loaded_at)
            for names in SEEN[self.table]
        )
        return first, last

    def raw(self, columns: Iterable[str]) -> dict[str, str | None]:
        """The row of the raw table."""
        cells = {name: _text(value) for name, value in self.cells.items()}
        if self.table == "events.events":
            device = cells.pop("device_id", None)
            cells["context"] = json.dumps({"device": {"id": device}} if device else {})
            cells["traits"] = json.dumps({"email": cells.pop("email", None)})
        assert not set(cells) - set(columns), f"{self.table} has no {sorted(set(cells) - set(columns))}"
        return {name: cells.get(name) for name in columns}


@dataclass
class World:
    """A few people. `steps`: per run the rows that land (`put`) and the keys that are deleted from the raw table."""

    name: str
    put: list[list[Landed]] = field(default_factory=lambda: [[] for _ in RUNS])
    deleted: list[list[tuple[str, ...]]] = field(default_factory=lambda: [[] for _ in RUNS])

    def value(self, kind: str, short: str) -> str:
        """The value of an identifier of this world: `value('email', 'a')`; after `=` it stands as it is."""
        if short.startswith("="):
            return short[1:]
        if kind == "email":
            return f"{self.name}-{short}@haus-post.de"
        if kind == "phone":
            return f"{self._calling}{int(short):02d}"
        return f"{self.name}-{short}"

    @property
    def _calling(self) -> str:
        return f"+4930{100_000 + crc32(self.name.encode()) % 899_000}"

    def owns(self, one: Identifier) -> bool:
        """Whether the identifier is one of its values."""
        return one[1].startswith(self._calling if one[0] == "phone" else f"{self.name}-")

    def add(self, run: int, table: str, **cells: str | datetime | None) -> "World":
        """Land a row with the files of a run: identifiers and keys by their short names, a moment as a datetime."""
        scoped = dict(cells)
        for name, kind in IDENTIFIERS[table].items():
            value = cells.get(name)
            if value is not None and name != "provider":
                scoped[name] = self.value(kind, str(value))
        for name, kind in TYPED.items():
            value = cells.get(name)
            if value is not None:
                scoped[name] = self.value(str(cells[kind]), str(value))
        row_no = sum(len(rows) for rows in self.put) + 1
        self.put[run].append(Landed(table, scoped, RUNS[run], row_no))
        return self

    def delete(self, run: int, table: str, **key: str) -> "World":
        """Delete a row, all its versions, from the raw table before a run."""
        scoped = World(self.name).add(0, table, **key).put[0][0]
        self.deleted[run].append(scoped.key)
        return self

    def rows_at(self, run: int) -> list[Landed]:
        """The latest version of every row that is there in a run."""
        latest: dict[tuple[str, ...], Landed] = {}
        for number in range(run + 1):
            for key in self.deleted[number]:
                latest.pop(key, None)
            for row in self.put[number]:
                if row.key not in latest or latest[row.key].version <= row.version:
                    latest[row.key] = row
        return list(latest.values())


def _text(value: str | datetime | None) -> str | None:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
