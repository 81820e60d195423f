"""An identity graph and nothing else, written by hand into a warehouse: the tables that `onefolk explain` reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa

from orchestration.identity.graph import Link
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, open_warehouse, quoted

START = datetime(2026, 1, 1, 8, 30)

IDENTIFIERS = (
    "identifier_key text, profile_id text, identifier_type text, record_count bigint, is_known boolean,"
    " first_seen_at timestamp, last_seen_at timestamp, expires_at timestamp"
)
LINKS = (
    "identifier_key_a text, identifier_key_b text, link_rule text, first_source text, sample_record text,"
    " link_strength integer, source_count integer, evidence_count bigint, first_seen_at timestamp,"
    " last_seen_at timestamp, expires_at timestamp"
)
REJECTED = LINKS.replace("link_rule text,", "link_rule text, rejected_reason text, cause_key text,")
FORMS = "identifier_type text, raw_value text, country text, identifier_value text, identifier_key text"
FORMS += ", mailbox_key text, rejected_reason text"
FORMER = "profile_id text, live_profile_id text, is_ambiguous boolean"
BLOCKED = "identifier_type text, match text, value text, reason text"

_TYPES = {"text": pa.string(), "bigint": pa.int64(), "integer": pa.int32(), "boolean": pa.bool_()}


def a_link(a: str, b: str, rule: str = "same_record", reason: str | None = None, **more: object) -> Link:
    """A link with the keys in their order, a day of evidence and a record to show; `more` are fields of `Link`."""
    values = {
        "strength": 5,
        "evidence_count": 1,
        "source_count": 1,
        "first_source": "stg_crm__contacts",
        "sample_record": f"stg_crm__contacts/{a}",
        "first_seen_at": START,
        "last_seen_at": START + timedelta(days=40),
        "expires_at": None,
    } | more
    return Link(min(a, b), max(a, b), rule, reason=reason, **values)  # type: ignore[arg-type]


@dataclass
class Graph:
    """What the warehouse is to hold. `profiles`: profile to the keys in it; `forms`: rows of identifier_forms.

    A key without a form gets one: its type is what stands before the first `-` of the key, its value the key itself.
    """

    profiles: dict[str, list[str]]
    links: list[Link] = field(default_factory=list)
    rejected: list[Link] = field(default_factory=list)
    forms: list[tuple[str, str, str | None, str | None, str | None]] = field(default_factory=list)
    former: list[tuple[str, str | None, bool]] | None = None
    blocked: list[tuple[str, str, str, str]] = field(default_factory=list)

    def write(self, settings: Settings) -> None:
        """Write every table."""
        identity, pii = settings.work_schema("identity"), settings.work_schema("pii")
        reference = settings.work_schema("reference")
        placed = {key: profile for profile, keys in self.profiles.items() for key in keys}
        have = {key for *_, key, _ in self.forms}
        ends = {key for link in [*self.links, *self.rejected] for key in (link.key_a, link.key_b)}
        forms = [(kind, raw, "", value, key, None, reason) for kind, raw, value, key, reason in self.forms]
        forms += [(_type(key), key, "", key, key, None, None) for key in sorted({*placed, *ends} - have)]
        kinds = {key: kind for kind, *_, key, _, _ in forms}
        identifiers = [
            (key, profile, kinds[key], 3, True, START, START + timedelta(days=9), None)
            for key, profile in placed.items()
        ]
        with open_warehouse(settings) as warehouse:
            for schema in (identity, pii, reference):
                warehouse.execute(f"create schema if not exists {quoted(schema)}")
            _table(warehouse, identity, "identifiers", IDENTIFIERS, identifiers)
            _table(
                warehouse, identity, "identity_links", LINKS, [_row(link)[:3] + _row(link)[5:] for link in self.links]
            )
            _table(warehouse, identity, "identity_links_rejected", REJECTED, map(_row, self.rejected))
            _table(warehouse, pii, "identifier_forms", FORMS, forms)
            _table(warehouse, reference, "blocked_identifier_values", BLOCKED, self.blocked)
            if self.former is not None:
                _table(warehouse, identity, "profile_id_map", FORMER, self.former)


def _type(key: str) -> str:
    return key.partition("-")[0]


def _row(link: Link) -> tuple[object, ...]:
    return (
        *(link.key_a, link.key_b, link.rule, link.reason, link.cause_key, link.first_source, link.sample_record),
        *(link.strength, link.source_count, link.evidence_count),
        *(link.first_seen_at, link.last_seen_at, link.expires_at),
    )


def _table(warehouse: Warehouse, schema: str, name: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
    warehouse.execute(f"create table {quoted(schema, name)} ({columns})")
    named = [column.split() for column in columns.split(", ")]
    rows = list(rows)
    if rows:
        arrays = [
            pa.array(list(values), _TYPES.get(kind, pa.timestamp("us")))
            for (_, kind), values in zip(named, zip(*rows, strict=True), strict=True)
        ]
        warehouse.append(schema, name, pa.table(arrays, names=[column for column, _ in named]).to_reader())
