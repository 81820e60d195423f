"""What a company's raw tables say, read row by row in plain Python: the versions that count, and whose they are."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

import duckdb

from orchestration.landing.contract import load_contract

Record = dict[str, Any]
# What says which version of a row counts, and what may not be ahead of the clock by more than an hour.
UPDATED = {"commerce.orders": "updated_at", "crm.contracts": "updated_at", "commerce.products": "updated_at"}
HAPPENED = {
    "commerce.orders": "ordered_at",
    "commerce.refunds": "refunded_at",
    "pos.transactions": "occurred_at",
    "support.tickets": "opened_at",
    "events.events": "timestamp",
}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)


PARSERS = {
    "integer": int,
    "numeric(28,6)": Decimal,
    "boolean": lambda text: {"true": True, "false": False}[text.lower()],
    "date": date.fromisoformat,
    "timestamp": _moment,
    "json": json.loads,
    "text": str,
}


@dataclass
class Facts:
    """The raw tables of one warehouse at one clock; `whose` asks the identity room, the rest stands in the rows."""

    warehouse: duckdb.DuckDBPyConnection
    now: datetime
    types: dict[str, dict[str, str]] = field(init=False)
    keys: dict[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        contract = {table.name: table for table in load_contract()}
        self.types = {name: table.columns for name, table in contract.items()}
        self.keys = {name: table.key for name, table in contract.items()}

    def rows(self, name: str) -> list[Record]:
        """The rows of a raw table that can be read, each in its last version."""
        newest: dict[tuple, tuple[tuple, Record]] = {}
        for record in self._readable(name):
            key = (record["_source_instance"], *[record[column] for column in self.keys[name]])
            updated = record.get(UPDATED.get(name, "")) or record["_loaded_at"]
            version = (updated, record["_loaded_at"], record["_source_file"], record["_source_row"])
            if key not in newest or newest[key][0] < version:
                newest[key] = version, record
        return [record for _, record in newest.values()]

    def _readable(self, name: str) -> Iterator[Record]:
        cursor = self.warehouse.execute(f"select * from raw_{name}")
        names = [column[0] for column in cursor.description]
        for values in cursor.fetchall():
            raw = dict(zip(names, values, strict=True))
            try:
                typed = {column: self._typed(raw[column], kind) for column, kind in self.types[name].items()}
            except (ValueError, KeyError, InvalidOperation):
                continue
            happened = typed.get(HAPPENED.get(name, ""))
            is_ahead = happened is not None and happened > self.now + timedelta(hours=1)
            if not is_ahead and all(typed[column] is not None for column in self.keys[name]):
                yield {**raw, **typed}

    @staticmethod
    def _typed(value: Any, kind: str) -> Any:
        text = str(value).strip() if value is not None else ""
        return PARSERS[kind](text) if text else None

    @cached_property
    def whose(self) -> dict[tuple[str, str], str]:
        """Profile by staged table and record: what the identity room decided."""
        rows = self.warehouse.execute("select record_source, record_id, profile_id from work_profiles.profiles_door")
        return {(source, record): profile for source, record, profile in rows.fetchall()}

    @cached_property
    def customers(self) -> set[str]:
        """Profiles with an identifier that makes them known."""
        known = "'email', 'phone', 'crm_contact_id', 'shop_customer_id', 'loyalty_id', 'user_id'"
        rows = self.warehouse.execute(
            f"select distinct profile_id from work_identity.identifiers where identifier_type in ({known})"
        )
        return {profile for (profile,) in rows.fetchall()}

    @cached_property
    def orders(self) -> list[Record]:
        """Valid purchases, online and in stores: profile, moment, value in euro, what was bought."""
        categories = {row["product_id"]: row["category"] for row in self.rows("commerce.products")}
        found = []
        for lines, rows, source, key, moment in (
            ("commerce.order_lines", "commerce.orders", "stg_commerce__orders", "order_id", "ordered_at"),
            ("pos.transaction_lines", "pos.transactions", "stg_pos__transactions", "transaction_id", "occurred_at"),
        ):
            products = defaultdict(list)
            for line in self.rows(lines):
                products[line[key]].append(line["product_id"])
            for row in self.rows(rows):
                if row.get("status") in ("cancelled", "failed"):
                    continue
                found.append(
                    {
                        "id": row[key],
                        "source": source,
                        "cart_id": row.get("cart_id"),
                        "profile": self.whose.get((source, row[key])),
                        "at": row[moment] or row.get("updated_at") or row["_loaded_at"],
                        "currency": row["currency"],
                        "total": row["total"],
                        "products": products[row[key]],
                        "categories": {categories.get(product) for product in products[row[key]]},
                    }
                )
        return found

    @cached_property
    def events(self) -> list[Record]:
        """Web and app events of somebody: profile, name, properties, moment."""
        return [
            {
                "profile": self.whose.get(("stg_events__events", row["message_id"])),
                "id": row["message_id"],
                "name": row["event"] or row["type"],
                "properties": row["properties"] or {},
                "at": row["timestamp"] or row["received_at"],
            }
            for row in self.rows("events.events")
        ]
