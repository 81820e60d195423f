"""Records written by hand into the landing folder of a company, a file for each table and cycle."""

import csv
import itertools
import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.settings import Settings


class Records:
    """What happened since the last cycle; `land` writes it into files of the landing folder."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.landing_dir
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._files = itertools.count(1)
        self._ids = itertools.count(1)

    def add(self, table: str, **row: Any) -> None:
        """One row of a raw table, such as crm.contacts."""
        self._rows[table].append(row)

    def contact(self, name: str, at: datetime, **more: str) -> None:
        """Somebody of this name in the CRM, or a change of them."""
        who = {"first_name": name.capitalize(), "last_name": "Handmade", "email": address(name)} | more
        self.add("crm.contacts", contact_id=f"hand-{name}", created_at=told(at), updated_at=told(at), **who)

    def consent(self, name: str, at: datetime, status: str = "granted") -> None:
        """What somebody said about marketing by e-mail."""
        self.add(
            "consent.records",
            consent_id=f"hand-consent-{next(self._ids)}",
            id_type="email",
            id_value=address(name),
            purpose="marketing",
            channel="email",
            legal_basis="consent",
            status=status,
            collected_at=told(at),
            source="web form",
        )

    def objection(self, name: str, at: datetime) -> None:
        """Somebody objects to the use of their data."""
        who = {"id_type": "email", "id_value": address(name)}
        number = f"hand-request-{next(self._ids)}"
        self.add(
            "privacy.requests", request_id=number, type="objection", received_at=told(at), verified_at=told(at), **who
        )

    def merge(self, one: str, other: str, at: datetime) -> None:
        """A steward finds out that two are one person."""
        pair = {"id_type_a": "email", "id_value_a": address(one), "id_type_b": "email", "id_value_b": address(other)}
        why = {"reason": "She told us.", "author": "steward"}
        self.add(
            "steward.identity_overrides",
            override_id=f"hand-{one}-{other}",
            action="force_link",
            created_at=told(at),
            **pair,
            **why,
        )

    def event(self, browser: str, event: str, at: datetime, **properties: Any) -> None:
        """Something done in a browser."""
        self._happened(browser, at, type="track", event=event, properties=properties)

    def identify(self, browser: str, name: str, at: datetime) -> None:
        """Somebody says in a browser who they are."""
        self._happened(browser, at, type="identify", traits={"email": address(name)})

    def order(self, name: str, cart: str, product: str, at: datetime) -> None:
        """A cart is ordered."""
        money = {"subtotal": "10.00", "discount": "0.00", "tax": "0.00", "shipping": "0.00", "total": "10.00"}
        place = {"order_id": f"hand-order-{cart}", "cart_id": cart, "email": address(name), "status": "paid"}
        times = {"ordered_at": told(at), "updated_at": told(at)}
        self.add("commerce.orders", channel="web", currency="EUR", **place, **money, **times)
        self.add(
            "commerce.order_lines",
            order_id=place["order_id"],
            line_no=1,
            product_id=product,
            quantity=1,
            unit_price="10.00",
            discount="0.00",
            tax="0.00",
        )

    def receipt(self, name: str, product: str, at: datetime) -> None:
        """Something is bought in a store by somebody who shows a loyalty card with their e-mail."""
        number = f"hand-receipt-{next(self._ids)}"
        self.add(
            "pos.transactions",
            transaction_id=number,
            store_id="ST001",
            email=address(name),
            total="10.00",
            currency="EUR",
            payment_method="card",
            occurred_at=told(at),
        )
        self.add(
            "pos.transaction_lines",
            transaction_id=number,
            line_no=1,
            product_id=product,
            quantity=1,
            unit_price="10.00",
        )

    def land(self) -> None:
        """Write the files of a cycle."""
        number = next(self._files)
        for table, rows in self._rows.items():
            place = self._folder.joinpath(*table.split("."))
            place.mkdir(parents=True, exist_ok=True)
            if table == "events.events":
                _write_lines(place / f"hand-made-{number}.jsonl", rows)
            else:
                _write_table(place / f"hand-made-{number}.csv", rows)
        self._rows.clear()

    def _happened(self, browser: str, at: datetime, **said: Any) -> None:
        moments = dict.fromkeys(("timestamp", "original_timestamp", "sent_at", "received_at"), told(at))
        context = {"userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 Version/17.0 Safari/604.1"}
        self.add(
            "events.events",
            message_id=f"hand-event-{next(self._ids)}",
            anonymous_id=browser,
            context=context,
            **moments,
            **said,
        )


def address(name: str) -> str:
    """Somebody's e-mail."""
    return f"{name}.handmade@mail.example"


def told(at: datetime) -> str:
    """A moment as files write it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def _write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, names)
        writer.writeheader()
        writer.writerows(rows)
