"""What tests of Klaviyo share: how a destination is opened, rows, and what the account holds of ours."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orchestration.activation.connections import Connection, Secrets, destination_module, parse_connection
from orchestration.activation.destinations.klaviyo_endpoints import Endpoint
from orchestration.activation.destinations.protocol import (
    Accepted,
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
from tests.activation.klaviyo_account import Account
from tests.activation.klaviyo_laws import SPEC, are_described, are_parsed, are_within_limits, nobody_is_subscribed
from tests.activation.klaviyo_peer import KEY, KlaviyoPeer

KINDS = {"email": "text", "note": "text", "points": "number", "amount": "number", "is_on": "boolean"}
PROFILES = Target("profiles", key=("email",), kinds=KINDS)
VIP = Target("list_vip", mode="audience", key=("email",), kinds={"email": "text", "external_id": "text"})
SUPPRESSIONS = Target("suppressions", mode="audience", key=("email",), kinds={"email": "text"})
EVENTS = Target("event_cart_abandoned", mode="append", key=("cart_id",), kinds=KINDS | {"cart_id": "text"})


@contextmanager
def judged(monkeypatch: pytest.MonkeyPatch, *, is_paced: bool = False, **more: Any) -> Iterator[KlaviyoPeer]:
    """An account; afterwards every exchange with it is judged. Without `is_paced` no endpoint is waited for."""
    monkeypatch.setenv("KLAVIYO_KEY", KEY)
    if not is_paced:
        monkeypatch.setattr(Endpoint, "rates", lambda self: Connection.model_validate({"type": "klaviyo"}))
    with KlaviyoPeer(**more) as account:
        yield account
    judge(account)


def judge(peer: KlaviyoPeer) -> None:
    """Every request and answer is within limits, read by Klaviyo's client, no subscription, and as described."""
    nobody_is_subscribed(peer.seen)
    are_within_limits(peer.seen)
    are_parsed(peer.seen)
    if SPEC.exists():
        are_described(peer.seen)


def declared(peer: KlaviyoPeer, **more: Any) -> dict[str, Any]:
    """A connection to the account."""
    place = {"type": "klaviyo", "url": peer.url, "key_env": "KLAVIYO_KEY", "timeout_seconds": 5}
    return place | {"allowed_private_hosts": ["127.0.0.1"]} | more


def opened(peer: KlaviyoPeer, target: Target = PROFILES, *, prepared: bool = True, **more: Any) -> Destination:
    """A destination, prepared as the engine does before it sends."""
    config = parse_connection("klaviyo", declared(peer, **more))
    destination: Destination = destination_module("klaviyo").open_destination(config, target, Secrets())
    if prepared:
        destination.prepare()
    return destination


def klaviyo_sync(**activation: Any) -> Sync:
    """A sync of the people, into an object of Klaviyo."""
    name = activation.pop("object")
    return replace(sync_of(**activation), object=name, name=f"peer_{name}")


def rows_of(
    payloads: Sequence[Mapping[str, Any]], operation: Operation = Operation.ADD, *, key: str = "email"
) -> list[Row]:
    """Rows of these payloads."""
    return [
        Row(
            number,
            {key: payload[key]},
            operation,
            {key: payload[key]} if operation is Operation.REMOVE else payload,
            f"unique-{operation}-{number}",
            f"p{number}",
        )
        for number, payload in enumerate(payloads, 1)
    ]


def sent(destination: Destination, rows: Sequence[Row]) -> list[RowAnswer]:
    """What is said of rows, jobs awaited."""
    batch = Batch("sync", "things", "batch", rows)
    answer, until = destination.send(batch), time.monotonic() + 20
    while isinstance(answer, Accepted):
        assert time.monotonic() < until
        answer = destination.poll(answer.job_id, batch)
    assert isinstance(answer, Answered)
    return sorted(answer.rows, key=lambda told: told.seq)


def outcomes(answers: Sequence[RowAnswer]) -> list[str]:
    """Outcomes in the order of the rows."""
    return [told.outcome for told in answers]


def good_row(number: int) -> dict[str, Any]:
    """The n-th row, with every kind of value."""
    return {
        "email": f"person-{number}@shop.example",
        "note": f"note of {number}",
        "points": number,
        "amount": Decimal("12.500000"),
        "is_on": True,
    }


def turned_back(account: Account) -> list[dict[str, Any]]:
    """Profiles that hold anything of ours."""
    return [
        {"email": one.attributes.get("email")} | {name: one.properties.get(name) for name in KINDS if name != "email"}
        for one in account.profiles.values()
        if one.properties
    ]


def members_of(account: Account, name: str = "Onefolk: vip") -> list[dict[str, Any]]:
    """Who is on a list, as its rows are."""
    numbers = [number for number, one in account.lists.items() if one["name"] == name]
    people = [account.profiles[person] for number in numbers for person in account.members[number]]
    return [{"email": one.attributes.get("email"), "external_id": one.attributes.get("external_id")} for one in people]


def recorded(account: Account) -> list[dict[str, Any]]:
    """Events as their rows are."""
    return [
        {"email": one["profile"]["data"]["attributes"]["email"]} | one["properties"]
        for one in account.events.values()
    ]  # fmt: skip
