"""What tests of HubSpot share: how a destination is opened, rows, and what the account holds of ours."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orchestration.activation.connections import Secrets, destination_module, parse_connection
from orchestration.activation.destinations.protocol import (
    Answered,
    Batch,
    Destination,
    Operation,
    Row,
    RowAnswer,
    Target,
)
from orchestration.activation.syncs import Sync
from tests.activation.conftest import sync_of
from tests.activation.hubspot_account import Account
from tests.activation.hubspot_laws import SPECS, are_described, are_parsed, are_within_limits
from tests.activation.hubspot_peer import TOKEN, HubSpotPeer

KINDS = {
    "email": "text",
    "onefolk_note": "text",
    "onefolk_points": "number",
    "onefolk_amount": "number",
    "onefolk_is_on": "boolean",
}
CONTACTS = Target("contacts", key=("email",), kinds=KINDS)


@contextmanager
def judged(monkeypatch: pytest.MonkeyPatch, **more: Any) -> Iterator[HubSpotPeer]:
    """An account; afterwards every exchange with it is judged."""
    monkeypatch.setenv("HUBSPOT_TOKEN", TOKEN)
    with HubSpotPeer(**more) as account:
        yield account
    judge(account)


def judge(peer: HubSpotPeer) -> None:
    """Every request and answer is within limits, read by HubSpot's client, and, where it is here, as described."""
    are_within_limits(peer.seen)
    are_parsed(peer.seen)
    if SPECS.exists():
        are_described(peer.seen)


def declared(peer: HubSpotPeer, **more: Any) -> dict[str, Any]:
    """A connection to the account."""
    place = {"type": "hubspot", "url": peer.url, "token_env": "HUBSPOT_TOKEN", "timeout_seconds": 5}
    return place | {"allowed_private_hosts": ["127.0.0.1"]} | more


def opened(peer: HubSpotPeer, target: Target = CONTACTS, *, prepared: bool = True, **more: Any) -> Destination:
    """A destination, prepared as the engine does before it sends."""
    config = parse_connection("hubspot", declared(peer, **more))
    destination: Destination = destination_module("hubspot").open_destination(config, target, Secrets())
    if prepared:
        destination.prepare()
    return destination


def hubspot_sync(**activation: Any) -> Sync:
    """A sync of the people, into an object of HubSpot."""
    name = activation.pop("object")
    return replace(sync_of(**activation), object=name, name=f"peer_{name}")


def rows_of(
    payloads: Sequence[Mapping[str, Any]], operation: Operation = Operation.ADD, *, key: str = "email", **ids: str
) -> list[Row]:
    """Rows of these payloads; `ids` are what HubSpot called them before, by number as `r1`."""
    return [
        Row(
            number,
            {key: payload[key]},
            operation,
            {key: payload[key]} if operation is Operation.REMOVE else payload,
            f"trace-{operation}-{number}",
            f"p{number}",
            ids.get(f"r{number}"),
        )
        for number, payload in enumerate(payloads, 1)
    ]


def sent(destination: Destination, rows: Sequence[Row]) -> list[RowAnswer]:
    """What is said of rows."""
    answer = destination.send(Batch("sync", "contacts", "batch", rows))
    assert isinstance(answer, Answered)
    return sorted(answer.rows, key=lambda told: told.seq)


def outcomes(answers: Sequence[RowAnswer]) -> list[str]:
    """Outcomes in the order of the rows."""
    return [told.outcome for told in answers]


def good_row(number: int) -> dict[str, Any]:
    """The n-th row, with every kind of value."""
    return {
        "email": f"person-{number}@shop.example",
        "onefolk_note": f"note of {number}",
        "onefolk_points": number,
        "onefolk_amount": Decimal("12.500000"),
        "onefolk_is_on": True,
    }


def turned_back(account: Account, kind: str = "contacts") -> list[dict[str, Any]]:
    """Records that hold anything of ours, by the kinds of the fields; what isn't there is null, what was emptied ''."""
    found = []
    for number, record in account.records[kind].items():
        told: dict[str, Any] = {"email": record.get("email")}
        for name in KINDS:
            value = "" if name in account.emptied[number] else record.get(name)
            if value and name == "onefolk_points":
                told[name] = int(value)
            elif value and name == "onefolk_amount":
                told[name] = Decimal(value).quantize(Decimal("0.000001"))
            elif value and name == "onefolk_is_on":
                told[name] = value == "true"
            else:
                told[name] = value
        if any(name.startswith("onefolk_") for name in record):
            found.append(told)
    return found
