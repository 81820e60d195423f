"""Klaviyo's events: each is recorded once under its own id, with what its model says."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from orchestration.activation.conformance import Bench, check, laws_of
from orchestration.activation.connections import parse_connection
from orchestration.activation.destinations.klaviyo import metric_of
from orchestration.activation.destinations.protocol import (
    Batch,
    BatchRefusedError,
    DeliveryClass,
    Destination,
    Operation,
    TryLaterError,
    UnsureError,
)
from tests.activation.klaviyo_bench import EVENTS, declared, good_row, judged, opened, outcomes, recorded, rows_of, sent
from tests.activation.klaviyo_peer import KEY, KlaviyoPeer
from tests.activation.test_conformance import nobody


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[KlaviyoPeer]:
    """An account whose every exchange is judged."""
    with judged(monkeypatch) as account:
        yield account


def event_row(number: int) -> dict[str, Any]:
    """The n-th event."""
    return good_row(number) | {"cart_id": f"c{number}"}


@pytest.fixture
def bench(peer: KlaviyoPeer) -> Bench:
    """Events of an account."""

    def answering(trouble: str) -> Destination:
        destination = opened(peer, EVENTS)
        peer.befall(trouble)
        return destination

    return Bench(
        open=lambda: opened(peer, EVENTS),
        row=event_row,
        key=("cart_id",),
        taken=lambda: recorded(peer.account),
        down=lambda: opened(peer, EVENTS, url=f"http://127.0.0.1:{nobody()}"),
        cut=lambda: answering("cut"),
        garbage={name: partial(answering, name) for name in ("html", "list", "inner", "other success")},
        fields={"text": "note", "integer": "points", "decimal": "amount", "boolean": "is_on"},
        secrets=(KEY,),
        removes=False,
    )


@pytest.mark.parametrize("law", laws_of(Bench))
def test_events_keep_the_law(law: str, bench: Bench) -> None:
    """Events keep the laws of destinations."""
    check(law, bench)


def test_an_event_is_sent_as_it_was_worked_out_by_hand(peer: KlaviyoPeer) -> None:
    """Identifiers are the profile's, time and value their own, JSON is taken apart, and the rest are properties."""
    payload = {
        "cart_id": "c-17",
        "email": "Ann@Shop.example",
        "phone_number": None,
        "external_id": "p1",
        "time": "2026-09-01T06:00:00.123Z",
        "value": Decimal("49.900000"),
        "value_currency": "EUR",
        "items_json": '[{"product_id":"p1","name":"Łódź “mug”","price":24.95},{"product_id":"p2","price":null}]',
        "quantity": 2,
        "changed_at": "2026-09-01T02:00:00.000Z",
        "note": None,
    }
    [row] = rows_of([payload], key="cart_id")
    assert outcomes(sent(opened(peer, EVENTS), [row])) == ["ok"]
    [call] = peer.calls("/events")
    assert call.body == {
        "data": {
            "type": "event",
            "attributes": {
                "time": "2026-09-01T06:00:00.123000+00:00",
                "value": Decimal("49.900000"),
                "value_currency": "EUR",
                "properties": {
                    "cart_id": "c-17",
                    "items": [
                        {"product_id": "p1", "name": "Łódź “mug”", "price": Decimal("24.95")},
                        {"product_id": "p2", "price": None},
                    ],
                    "quantity": 2,
                    "changed_at": "2026-09-01T02:00:00.000Z",
                    "note": None,
                },
                "unique_id": row.idempotency_key,
                "metric": {"data": {"type": "metric", "attributes": {"name": "Cart Abandoned"}}},
                "profile": {
                    "data": {"type": "profile", "attributes": {"email": "Ann@Shop.example", "external_id": "p1"}}
                },
            },
        }
    }


def test_a_metric_is_called_as_its_object_or_as_declared(peer: KlaviyoPeer) -> None:
    """The name of a metric is the words of the object, unless the connection says otherwise."""
    config: Any = parse_connection("k", declared(peer, metrics={"event_sale": "Sold in a shop"}))
    assert metric_of(config, "event_cart_abandoned") == "Cart Abandoned"
    assert metric_of(config, "event_sale") == "Sold in a shop"
    assert len(metric_of(config, "event_" + "x" * 200)) == 127


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"email": None}, "email, phone_number, external_id are empty"), ({"email": "none"}, "email is no"),
        ({"value": "49.90"}, "value must be a number"), ({"value": True}, "value must be a number"),
        ({"value_currency": 978}, "value_currency must be"), ({"time": "yesterday"}, "time must be a timestamp"),
        ({"time": 5}, "time must be a timestamp"), ({"time": "1990-12-31T00:00:00Z"}, "time must be after"),
        ({"items_json": "[1, 2"}, "items_json holds no JSON"), ({"items_json": 5}, "items_json holds no JSON"),
        ({"note": "ä" * 60_000}, "The event holds a text"), ({"note": float("inf")}, "The row holds a value"),
        ({f"p{n}": n for n in range(400)}, "The event has 40"),
    ],
)  # fmt: skip
def test_an_event_that_klaviyo_would_not_take_is_invalid(peer: KlaviyoPeer, payload: dict[str, Any], told: str) -> None:
    """What can't be an event is told of in a sentence, before anything is sent."""
    problem = opened(peer, EVENTS).problems(rows_of([event_row(1) | payload], key="cart_id")[0])
    assert problem is not None
    assert problem.startswith(told)
    assert not peer.seen


def test_nulls_alphabets_and_long_texts_are_described(peer: KlaviyoPeer) -> None:
    """Whatever an event may hold, the request is as the description has it, and the client of Klaviyo reads it."""
    destination = opened(peer, EVENTS)
    for n, text in enumerate([None, "", "ä" * 16_384, "x" * 32_768, "\x00\u2028", "日本語 العربية 👩‍👧"]):
        row = event_row(n) | {"note": text, "items_json": None, "time": None, "value": None, "value_currency": None}
        [told] = sent(destination, [replace(rows_of([row], key="cart_id")[0], idempotency_key=f"unique-{n}")])
        assert told.outcome == "ok"
    assert len(peer.account.events) == 6


def test_what_may_have_been_taken_is_recorded_once(peer: KlaviyoPeer) -> None:
    """An event whose answer was lost goes again under the same id, and there is one; another content is another."""
    destination = opened(peer, EVENTS, timeout_seconds=0.3)
    [row] = rows_of([event_row(1)], key="cart_id")
    peer.befall("hang")
    with pytest.raises(UnsureError):
        sent(destination, [row])
    assert outcomes(sent(destination, [row])) == ["ok"]
    assert peer.account.event_arrivals[row.idempotency_key] == 2
    assert len(peer.account.events) == 1
    sent(destination, [replace(row, idempotency_key="another")])
    assert len(peer.account.events) == 2


def test_a_refused_event_is_rejected_and_a_busy_account_waited_for(peer: KlaviyoPeer) -> None:
    """A refusal is the row's, with Klaviyo's words; 429 is nobody's, and says how long to wait."""
    destination = opened(peer, EVENTS)
    [told] = sent(destination, rows_of([event_row(1) | {"note": "REFUSED"}], key="cart_id"))
    assert (told.outcome, told.code, told.message) == ("rejected", "invalid", "It can't be.")
    peer.befall(429)
    with pytest.raises(TryLaterError) as found:
        sent(destination, rows_of([event_row(1)], key="cart_id"))
    assert found.value.after == 1.0
    assert not peer.account.events


def test_events_go_alone_and_never_come_back(peer: KlaviyoPeer) -> None:
    """An event is a batch of its own, under a key; a row that leaves takes nothing back, and sends nothing."""
    destination = opened(peer, EVENTS)
    assert (destination.delivery_class, destination.limits.max_rows) == (DeliveryClass.KEYED_EVENT, 1)
    assert not destination.catalogue().takes_removals
    with pytest.raises(BatchRefusedError):
        destination.send(Batch("s", "event", "b", rows_of([event_row(1), event_row(2)], key="cart_id")))
    answers = sent(destination, rows_of([event_row(1)], Operation.REMOVE, key="cart_id"))
    assert [(one.outcome, one.code) for one in answers] == [("noop", "stays_recorded")]
    assert not peer.seen
