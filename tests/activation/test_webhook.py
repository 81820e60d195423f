"""Laws of webhooks: what is sent, what an answer means, and where nothing is ever sent to."""

import gzip
import hashlib
import hmac
import json
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpcore
import pytest
import trustme

from orchestration.activation.connections import Secrets, WrongConnectionError, parse_connection
from orchestration.activation.destinations import webhook
from orchestration.activation.destinations.addresses import AddressGuard, AddressRefusedError, kind_of, resolve
from orchestration.activation.destinations.http_transport import GuardedBackend
from orchestration.activation.destinations.protocol import (
    Answered,
    Batch,
    BatchRefusedError,
    DeliveryClass,
    Destination,
    NotAllowedError,
    Operation,
    Row,
    SendError,
    Target,
    TryLaterError,
    UnsureError,
)
from orchestration.settings import PROJECT_DIR
from tests.activation.http_peer import HttpPeer, Reply, rejecting

SECRET = "s3cret-Of-The-House"
ANSWERS = {"path": "results", "ok_path": "ok", "code_path": "code", "message_path": "error", "id_path": "id"}
MANY = {"batching": "batch", "upsert": True, "rows_path": "rows"}
Open = Callable[..., Destination]


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    """A server that takes everything."""
    with HttpPeer() as server:
        yield server


@pytest.fixture
def opened(peer: HttpPeer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A function that opens a webhook to the peer, closed in the end: `opened(**config)`."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    destinations = []

    def open_one(backend: GuardedBackend | None = None, **config: Any) -> Destination:
        place = {"type": "webhook", "url": peer.url("/in"), "allowed_private_hosts": ["127.0.0.1", "localhost"]}
        parsed = parse_connection("hook", {**place, "timeout_seconds": 5, **config})
        assert isinstance(parsed, webhook.Config)
        destination = webhook.open_destination(parsed, Target("contacts"), Secrets(), backend=backend)
        destinations.append(destination)
        return destination

    yield open_one
    for destination in destinations:
        destination.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority of our own."""
    return trustme.CA()


def context_of(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """What a server of these names shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def ca_file(authority: trustme.CA, folder: Path) -> str:
    """The authority's certificate."""
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def row(seq: int = 0, operation: str = "add", **payload: Any) -> Row:
    """A row of one contact."""
    payload = payload or {"email": f"p{seq}@example.com", "points": seq}
    return Row(seq, {"id": seq}, Operation(operation), payload, f"key-{seq}")


def batch(*rows: Row) -> Batch:
    """Rows under one key."""
    return Batch("hook_contacts", "contacts", "key-of-batch", rows)


def error_of(destination: Destination, sent: Batch | None = None) -> SendError:
    """The error that sending ends in."""
    with pytest.raises(SendError) as caught:
        destination.send(sent or batch(row()))
    return caught.value


def outcomes(answer: Any) -> list[str]:
    """Outcomes in the order of rows."""
    assert isinstance(answer, Answered)
    return [told.outcome for told in answer.rows]


# What is sent


def test_the_body_is_the_row(peer: HttpPeer, opened: Open) -> None:
    """Without a mapping a row's request is its payload, as JSON in UTF-8, by POST, with its key and no old cookie."""
    destination = opened(headers={"X-Brand": "north"})
    peer.will(Reply(headers={"Set-Cookie": "a=b"}), Reply())
    assert outcomes(destination.send(batch(row(email="Jörg@example.com", born=None, points=3)))) == ["ok"]
    destination.send(batch(row(1)))
    first, second = peer.received
    assert (first.method, first.path, first.json) == (
        "POST",
        "/in",
        {"email": "Jörg@example.com", "born": None, "points": 3},
    )
    assert "Jörg".encode() in first.body
    assert first.key == "key-0"
    assert first.headers["content-type"] == "application/json"
    assert first.headers["x-brand"] == "north"
    assert first.headers["accept-encoding"] == "identity"
    assert "cookie" not in second.headers


def test_a_mapping_names_what_stands_where(peer: HttpPeer, opened: Open) -> None:
    """A tree's $names are the row's, `$$` is a plain dollar, and reserved names tell of key, operation and event."""
    mapping = {
        "person": {"mail": "$email", "tags": ["$tier", "fixed", 7, None, True]},
        "ref": "$key.id",
        "do": "$operation",
        "event": "$idempotency_key",
        "price": "$$email",
        "plain": "a $email",
    }
    destination = opened(mapping=mapping)
    destination.send(batch(row(5, "change", email="a@example.com", tier={"name": "gold"}, unused=1)))
    assert peer.received[0].json == {
        "person": {"mail": "a@example.com", "tags": [{"name": "gold"}, "fixed", 7, None, True]},
        "ref": 5,
        "do": "change",
        "event": "key-5",
        "price": "$email",
        "plain": "a $email",
    }
    assert list(destination.catalogue().required) == ["email", "tier"]


@pytest.mark.parametrize(
    ("rows_path", "expected"),
    [
        (None, {"object": "contacts", "rows": [{"n": 0}, {"n": 1}]}),
        ("data.items", {"data": {"items": [{"n": 0}, {"n": 1}]}}),
        ("", [{"n": 0}, {"n": 1}]),
    ],
)
def test_rows_of_a_batch_stand_where_told(peer: HttpPeer, opened: Open, rows_path: str | None, expected: Any) -> None:
    """A batch's rows are a list at a path, all of the body, or beside the object's name; one key is for all."""
    destination = opened(batching="batch", idempotent=True, max_rows=40, rows_path=rows_path)
    assert destination.limits.max_rows == 40
    destination.send(batch(row(0, n=0), row(1, n=1)))
    assert peer.received[0].json == expected
    assert peer.received[0].key == "key-of-batch"


def test_a_removal_goes_where_removals_go(peer: HttpPeer, opened: Open) -> None:
    """A removal is told by its own address and method, else by `$operation`; what its key doesn't hold is left out."""
    removal = row(3, "remove", id=3)
    opened(remove_url=peer.url("/gone")).send(batch(removal))
    opened(remove_method="PUT").send(batch(removal))
    told = opened(mapping={"id": "$id", "mail": "$email", "do": "$operation"})
    assert told.problems(removal) is None
    told.send(batch(removal))
    seen = [(request.method, request.path, request.json) for request in peer.received]
    assert seen == [
        ("DELETE", "/gone", {"id": 3}),
        ("PUT", "/in", {"id": 3}),
        ("POST", "/in", {"id": 3, "do": "remove"}),
    ]


def test_a_removal_that_nothing_tells_is_not_sent(peer: HttpPeer, opened: Open) -> None:
    """A removal that would look like a row to add is never sent: the sync stops until the connection is mended."""
    removal = row(3, "remove", id=3)
    for mapping in (None, {"id": "$id"}, {"id": "$id", "note": "$$operation"}):
        destination = opened(mapping=mapping)
        assert "removed" in str(destination.problems(removal))
        assert isinstance(error_of(destination, batch(removal)), NotAllowedError)
    assert not peer.received


def test_a_batch_of_two_places_is_halved_before_anything_is_sent(peer: HttpPeer, opened: Open) -> None:
    """Removals and other rows that go to different addresses never share a request, for one answer might be lost."""
    destination = opened(**MANY, remove_url=peer.url("/gone"))
    error = error_of(destination, batch(row(0), row(1, "remove")))
    assert isinstance(error, BatchRefusedError)
    assert not peer.received


@pytest.mark.parametrize(
    ("identity", "header", "value"),
    [
        ({"token_env": "HOOK_SECRET"}, "authorization", f"Bearer {SECRET}"),
        (
            {"basic_user": "shop", "basic_password_env": "HOOK_SECRET"},
            "authorization",
            "Basic c2hvcDpzM2NyZXQtT2YtVGhlLUhvdXNl",
        ),
        ({"header_name": "X-Api-Key", "header_value_env": "HOOK_SECRET"}, "x-api-key", SECRET),
    ],
)
def test_who_we_are(peer: HttpPeer, opened: Open, identity: dict[str, str], header: str, value: str) -> None:
    """A token, a user or a key of the environment goes along with each request."""
    opened(**identity).send(batch(row()))
    assert peer.received[0].headers[header] == value


def test_a_signature_proves_the_body_and_the_moment(peer: HttpPeer, opened: Open) -> None:
    """The signature is HMAC-SHA256 over the seconds, a dot and the very bytes of the body."""
    opened(signature_env="HOOK_SECRET").send(batch(row(email="Zoë@example.com")))
    request = peer.received[0]
    moment, signed = (part.split("=")[1] for part in request.headers["x-onefolk-signature"].split(","))
    assert abs(int(moment) - time.time()) < 10
    assert hmac.new(SECRET.encode(), f"{moment}.".encode() + request.body, hashlib.sha256).hexdigest() == signed


def test_the_receivers_promise_is_the_delivery_class(opened: Open) -> None:
    """Only who keeps keys or upserts gets batches; else each row is a side effect of its own."""
    assert opened(batching="batch").delivery_class is DeliveryClass.SIDE_EFFECT
    assert opened(batching="batch").limits.max_rows == 1
    assert opened(idempotent=True).delivery_class is DeliveryClass.KEYED_EVENT
    assert opened(upsert=True, idempotent=True).delivery_class is DeliveryClass.UPSERT
    assert opened(upsert=True).limits.max_rows == 1
    assert opened(**MANY).limits.max_rows == 100


@pytest.mark.parametrize(
    ("config", "sent", "told"),
    [
        ({"mapping": {"mail": "$email"}}, row(name="x"), "email"),
        ({"mapping": {"ref": "$key.crm_id"}}, row(), "crm_id"),
        ({"max_request_bytes": 2_000}, row(note="x" * 1_000), "bytes"),
        ({}, row(amount=Decimal("NaN")), "JSON"),
        ({}, row(amount=float("nan")), "JSON"),
        ({}, row(note="\ud800"), "JSON"),
    ],
)
def test_a_row_that_cant_be_sent_says_why(opened: Open, config: dict[str, Any], sent: Row, told: str) -> None:
    """A row that lacks what the mapping needs, is too large, or no JSON, is told apart before it is sent."""
    problem = opened(**config).problems(sent)
    assert told in str(problem)
    assert opened().problems(row()) is None


def test_a_request_has_a_bound(peer: HttpPeer, opened: Open) -> None:
    """A batch whose body is larger than allowed is halved before anything is sent, and so are rows that go alone."""
    small = opened(**MANY, max_request_bytes=2_000)
    rows = [row(seq, note="x" * 900) for seq in range(3)]
    assert all(small.problems(each) is None for each in rows)
    assert isinstance(error_of(small, batch(*rows)), BatchRefusedError)
    assert isinstance(error_of(opened(), batch(row(0), row(1))), BatchRefusedError)
    assert not peer.received
    assert outcomes(small.send(batch(*rows[:2]))) == ["ok", "ok"]


# What an answer means


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, BatchRefusedError) for status in (400, 409, 413, 422)),
        *((status, NotAllowedError) for status in (401, 403, 404, 405, 410, 501)),
        *((status, TryLaterError) for status in (408, 425, 429, 500, 502, 503, 504, 520)),
        *((status, NotAllowedError) for status in (301, 307, 308)),
        *((status, UnsureError) for status in (302, 303, 304, 600)),
    ],
)
def test_a_status_means_one_thing(peer: HttpPeer, opened: Open, status: int, expected: type[SendError]) -> None:
    """A status refuses the batch, stops the sync, asks to wait, or leaves open what happened."""
    peer.will(Reply(status, body="who p0@example.com is"))
    error = error_of(opened(**MANY), batch(row(0), row(1)))
    assert type(error) is expected
    assert error.status_code == status
    assert "p0@example.com" not in str(error)


@pytest.mark.parametrize(("status", "expected"), [(500, UnsureError), (502, UnsureError), (503, TryLaterError)])
def test_a_server_that_failed_may_have_taken_a_message(
    peer: HttpPeer, opened: Open, status: int, expected: type[SendError]
) -> None:
    """Where each row is a message, a failure after the request came leaves open what happened."""
    peer.will(Reply(status))
    assert type(error_of(opened(), batch(row(0)))) is expected


@pytest.mark.parametrize("status", [200, 201, 202, 204, 207])
def test_any_success_is_one(peer: HttpPeer, opened: Open, status: int) -> None:
    """Without `answers`, a status of success is the answer for every row, whatever the body holds."""
    peer.will(Reply(status, body=None if status == 204 else "<p>thanks</p>"))
    answer = opened(**MANY).send(batch(row(0), row(1)))
    assert outcomes(answer) == ["ok", "ok"]
    assert isinstance(answer, Answered)
    assert answer.status_code == status


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_refused_row_is_rejected_with_its_reason(peer: HttpPeer, opened: Open, status: int) -> None:
    """A row refused alone is rejected, its reason in one line without control characters, cut at 500."""
    peer.will(Reply(status, body="bad\x00\x1b[31m mail\r\n\u202eaddress " + "x" * 9_000))
    answer = opened().send(batch(row(7)))
    assert isinstance(answer, Answered)
    told = answer.rows[0]
    assert (told.seq, told.outcome, told.code) == (7, "rejected", str(status))
    assert told.message
    assert told.message.startswith("bad [31m mail address xxx")
    assert len(told.message) == 500


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("7", 7, 7),
        ("1.5", 1.5, 1.5),
        ("in an hour", 3_500, 3_600),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
    ],
)
def test_who_asks_to_wait_is_heard(peer: HttpPeer, opened: Open, asked: str, least: float, most: float) -> None:
    """Retry-After is seconds or a date; a date that has passed asks for nothing."""
    if asked == "in an hour":
        asked = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    peer.will(Reply(503, {"Retry-After": asked}))
    error = error_of(opened())
    assert isinstance(error, TryLaterError)
    assert error.after is not None
    assert least <= error.after <= most


def test_a_date_to_wait_for_is_by_the_others_clock(peer: HttpPeer, opened: Open) -> None:
    """Where an answer shows its own clock, the wait is the time between its two dates."""
    peer.will(Reply(429, {"Date": "Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT"}))
    error = error_of(opened())
    assert isinstance(error, TryLaterError)
    assert error.after == 30


@pytest.mark.parametrize("asked", ["soon", "-5", "inf", "nan", "Wed, 99 Oct 2015", ""])
def test_who_asks_for_nonsense_is_not(peer: HttpPeer, opened: Open, asked: str) -> None:
    """A Retry-After that is no time is as good as none."""
    peer.will(Reply(503, {"Retry-After": asked}))
    error = error_of(opened())
    assert isinstance(error, TryLaterError)
    assert error.after is None


def test_rows_are_answered_one_by_one(peer: HttpPeer, opened: Open) -> None:
    """A 207 tells of each row in the order of the request: taken with an id, or rejected with code and message."""
    peer.always = rejecting(["p1@example.com"])
    answer = opened(**MANY, answers=ANSWERS).send(
        batch(row(10, email="p0@example.com"), row(11, email="p1@example.com"))
    )
    assert isinstance(answer, Answered)
    assert answer.status_code == 207
    taken, rejected = answer.rows
    assert (taken.seq, taken.outcome) == (10, "ok")
    assert str(taken.provider_id).startswith("id-")
    assert (rejected.seq, rejected.outcome, rejected.code) == (11, "rejected", "REFUSED")
    assert rejected.message == "This row is refused."


def test_rows_are_answered_by_their_index(peer: HttpPeer, opened: Open) -> None:
    """With `index_path` the entries may come in any order; of a list of errors, who isn't listed was taken."""
    every = {"path": "data.0.out", "index_path": "at.n", "ok_path": "state", "ok_values": ["made", "kept"]}
    listed = [{"at": {"n": 1}, "state": "bad"}, {"at": {"n": 0}, "state": "kept"}]
    peer.will(Reply(body={"data": [{"out": listed}]}))
    assert outcomes(opened(**MANY, answers=every).send(batch(row(0), row(1)))) == ["ok", "rejected"]
    errors = opened(
        **MANY, answers={"path": "errors", "lists": "errors", "index_path": "batch_index", "message_path": "reason"}
    )
    peer.will(
        Reply(207, body={"errors": [{"batch_index": 1, "reason": {"field": "email"}}]}), Reply(body={}), Reply(204)
    )
    answer = errors.send(batch(row(0), row(1), row(2)))
    assert outcomes(answer) == ["ok", "rejected", "ok"]
    assert isinstance(answer, Answered)
    assert answer.rows[1].message == '{"field":"email"}'
    assert outcomes(errors.send(batch(row(0), row(1)))) == ["ok", "ok"]
    assert outcomes(errors.send(batch(row(0), row(1)))) == ["ok", "ok"]


def test_a_row_alone_may_be_answered_without_a_list(peer: HttpPeer, opened: Open) -> None:
    """The answer to one row may be its entry itself; true is not 1, and a name left out says null."""
    destination = opened(answers={"ok_path": "error", "ok_values": [None], "message_path": "error"})
    peer.will(Reply(body={"id": 1}), Reply(body={"error": "no"}))
    assert outcomes(destination.send(batch(row()))) == ["ok"]
    assert outcomes(destination.send(batch(row()))) == ["rejected"]
    strict = opened(answers={"ok_path": "ok"})
    peer.will(Reply(body={"ok": True}), Reply(body={"ok": 1}))
    assert outcomes(strict.send(batch(row()))) == ["ok"]
    assert outcomes(strict.send(batch(row()))) == ["rejected"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body="<html>Welcome</html>"),
        Reply(body=b'{"results": ['),
        Reply(body=b"[" * 100_000),
        Reply(body=b"\xff\xfe"),
        Reply(204),
        Reply(body={"results": [{"ok": True}]}),
        Reply(body={"results": [{"ok": True}] * 3}),
        Reply(body={"results": {"0": {"ok": True}}}),
        Reply(body={"results": [True, True]}),
        Reply(body={"results": [{"ok": True}, {"state": "?"}]}),
        Reply(body={"other": []}),
        Reply(body={"results": [{"ok": True}, {"ok": True}], "rest": "x" * 5_000}),
        Reply(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b'{"results": [{"ok": true}, {"ok": true}]}')),
        Reply(body={"results": [{"ok": True}, {"ok": True}]}, cut_body=True),
        Reply(headers={"Transfer-Encoding": "chunked"}, body=b"zz\r\nnonsense"),
    ],
)
def test_a_success_that_cant_be_read_is_none(peer: HttpPeer, opened: Open, reply: Reply) -> None:
    """A success without the declared answer for every row leaves open what was taken."""
    peer.will(reply)
    error = error_of(opened(**MANY, answers=ANSWERS, max_response_bytes=4_000), batch(row(0), row(1)))
    assert isinstance(error, UnsureError)


@pytest.mark.parametrize("places", [[0, 0], [0, 2], [0, -1], ["0", "1"], [True, False], [0]])
def test_an_index_that_isnt_one_is_no_answer(peer: HttpPeer, opened: Open, places: list[Any]) -> None:
    """An index that is doubled, no row's, or no number, leaves open what was taken."""
    peer.will(Reply(body=[{"i": place, "ok": True} for place in places]))
    answers = {"index_path": "i", "ok_path": "ok"}
    assert isinstance(error_of(opened(**MANY, answers=answers), batch(row(0), row(1))), UnsureError)
    if places != [0]:
        peer.will(Reply(body=[{"i": place} for place in places]))
        errors = {"index_path": "i", "lists": "errors"}
        assert isinstance(error_of(opened(**MANY, answers=errors), batch(row(0), row(1))), UnsureError)


def test_an_error_inside_a_success_refuses_the_batch(peer: HttpPeer, opened: Open) -> None:
    """What stands at `error_path` refuses all rows, or rejects one alone; nothing, null and empty there is success."""
    destination = opened(**MANY, error_path="fault.text")
    reply = Reply(body={"fault": {"text": "quota of p0@example.com"}})
    peer.will(reply, reply, Reply(body={"fault": {"text": None}}), Reply(body={"fault": []}), Reply(204))
    error = error_of(destination, batch(row(0), row(1)))
    assert isinstance(error, BatchRefusedError)
    assert "p0@" not in str(error)
    alone = destination.send(batch(row(0)))
    assert isinstance(alone, Answered)
    assert (alone.rows[0].outcome, alone.rows[0].message) == ("rejected", "quota of p0@example.com")
    for _ in range(3):
        assert outcomes(destination.send(batch(row(0), row(1)))) == ["ok", "ok"]
    for body in ("<p>down</p>", b'"OK"', b"1", b"null"):
        peer.will(Reply(body=body))
        assert isinstance(error_of(destination), UnsureError), body


def test_an_answer_has_a_bound(peer: HttpPeer, opened: Open) -> None:
    """Of an endless answer only the first bytes are read: a success stays one where nothing in it is needed."""
    peer.will(Reply(headers={"Content-Length": str(10**9)}, body=b"x" * 3_000_000))
    started = time.monotonic()
    assert outcomes(opened(max_response_bytes=1_000).send(batch(row()))) == ["ok"]
    assert time.monotonic() - started < 3


# What happens on the way


def test_what_never_left_comes_later(opened: Open) -> None:
    """Who can't be reached, or has no address, took nothing: a closed port, an unknown name."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        error = error_of(opened(url=f"http://127.0.0.1:{bound.getsockname()[1]}/"))
    assert isinstance(error, TryLaterError)
    assert error.after is None
    assert isinstance(error_of(opened(url="https://nowhere.invalid/")), TryLaterError)


def test_a_server_without_tls_is_no_server(peer: HttpPeer, opened: Open) -> None:
    """Nothing is sent where TLS was asked for and can't be had."""
    error = error_of(opened(url=peer.url().replace("http:", "https:")))
    assert isinstance(error, TryLaterError)
    assert not peer.received


@pytest.mark.parametrize("reply", [Reply(cut=True), Reply(delay=5), Reply(drip=0.1), Reply(body=b"", status=99)])
def test_a_lost_answer_leaves_it_open(peer: HttpPeer, opened: Open, reply: Reply) -> None:
    """A connection that ends, stays silent, drips or talks nonsense after the request was sent says nothing of it."""
    peer.will(reply)
    started = time.monotonic()
    error = error_of(opened(timeout_seconds=1))
    assert isinstance(error, UnsureError)
    assert error.status_code is None
    assert time.monotonic() - started < 2
    assert len(peer.received) == 1


def test_a_slow_body_ends_in_time(peer: HttpPeer, opened: Open) -> None:
    """The time of a whole exchange is bounded, in the body as before it."""
    peer.will(Reply(headers={"Content-Length": "100"}, body={"results": []}))
    started = time.monotonic()
    assert isinstance(error_of(opened(timeout_seconds=1, answers=ANSWERS)), UnsureError)
    assert time.monotonic() - started < 2


def test_a_connection_that_was_ended_meanwhile_is_made_anew(peer: HttpPeer, opened: Open) -> None:
    """Connections are kept between requests, and one that the other side ended is noticed before it is used."""
    destination = opened()
    destination.send(batch(row(0)))
    destination.send(batch(row(1)))
    assert peer.connections == 1
    peer.will(Reply(headers={"Connection": "close"}))
    destination.send(batch(row(2)))
    time.sleep(0.1)
    assert outcomes(destination.send(batch(row(3)))) == ["ok"]
    assert len(peer.received) == 4


def test_many_threads_share_a_destination(peer: HttpPeer, opened: Open) -> None:
    """Batches sent at once from many threads all arrive, each once, and no thread ends another's connection."""
    destination = opened()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda seq: destination.send(batch(row(seq))), range(1_000)))
    assert all(outcomes(answer) == ["ok"] for answer in answers)
    assert sorted(request.json["points"] for request in peer.received) == list(range(1_000))
    assert peer.connections <= 16


# Where nothing is sent to


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(peer: HttpPeer, opened: Open, status: int) -> None:
    """Rows go to no address but the connection's, and an error doesn't show where it was told to go."""
    with HttpPeer() as other:
        peer.will(Reply(status, {"Location": other.url("/trap?token=abc")}))
        error = error_of(opened(token_env="HOOK_SECRET"))
        assert not other.received
    assert "elsewhere" in str(error)
    assert str(other.port) not in str(error)
    assert "token" not in str(error)


@pytest.mark.parametrize(
    ("kind", "addresses"),
    [
        (
            "loopback",
            ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1"],
        ),
        ("private", ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1", "fd12::1", "fec0::1"]),
        ("link-local", ["169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254"]),
        ("metadata", ["168.63.129.16", "100.100.100.200", "fd00:ec2::254"]),
        ("multicast", ["224.0.0.1", "239.1.1.1", "ff02::1"]),
        ("reserved", ["0.0.0.0", "240.0.0.1", "255.255.255.255", "::"]),
        ("public", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"]),
    ],
)
def test_an_address_is_of_one_kind(kind: str, addresses: list[str]) -> None:
    """An address is told apart in every form that leads to it."""
    assert {address: kind_of(address) for address in addresses} == dict.fromkeys(addresses, kind)


@pytest.mark.parametrize("found", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"], ["::1"]])
def test_a_host_with_one_private_address_is_refused(found: list[str]) -> None:
    """One address of our own network among a host's is enough to refuse it, unless the host is named."""
    with pytest.raises(AddressRefusedError, match=r"^hooks\.example\.com is"):
        AddressGuard(resolve=lambda *_: found).addresses("hooks.example.com", 443)
    named = AddressGuard(["HOOKS.example.com."], resolve=lambda *_: found)
    if found == ["169.254.169.254"]:
        with pytest.raises(AddressRefusedError, match="never"):
            named.addresses("hooks.example.com", 443)
    else:
        assert named.addresses("hooks.example.com", 443) == found


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_our_own_machine_is_no_destination(peer: HttpPeer, opened: Open, host: str) -> None:
    """Loopback is refused in every spelling, and the sync stops, for no row is to blame."""
    error = error_of(opened(url=f"https://{host}:{peer.port}/", allowed_private_hosts=[]))
    assert isinstance(error, NotAllowedError)
    assert "loopback" in str(error)
    assert peer.connections == 0


def test_what_is_not_encrypted_stays_at_home(opened: Open) -> None:
    """A named host that turns out to be at a public address gets nothing in the open."""
    guard = AddressGuard(["crm.internal"], resolve=lambda *_: ["10.0.0.1", "93.184.216.34"], is_plain=True)
    with pytest.raises(AddressRefusedError, match="encrypted"):
        guard.addresses("crm.internal", 80)
    error = error_of(opened(url="http://8.8.8.8/", allowed_private_hosts=["8.8.8.8"], timeout_seconds=1))
    assert isinstance(error, NotAllowedError)


class _Recording(httpcore.NetworkBackend):
    """Notes which address is asked for, and connects to a peer in its stead."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self._port = port

    def connect_tcp(self, host: str, port: int, *rest: Any, **options: Any) -> httpcore.NetworkStream:
        self.asked.append(host)
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self._port, *rest, **options)


def test_a_name_is_resolved_once_and_that_address_is_used(authority: trustme.CA, opened: Open, tmp_path: Path) -> None:
    """What was checked is what is connected to, while the name stays what TLS and Host say; a name that moves into our
    network meanwhile is refused."""
    answers = iter((["93.184.216.34"], ["127.0.0.1"]))
    with HttpPeer(context=context_of(authority, "hooks.example.com")) as peer:
        recording = _Recording(peer.port)
        backend = GuardedBackend(AddressGuard(resolve=lambda *_: next(answers)), recording)
        destination = opened(backend, url="https://hooks.example.com/in", ca_file=ca_file(authority, tmp_path))
        peer.will(Reply(headers={"Connection": "close"}))
        assert outcomes(destination.send(batch(row()))) == ["ok"]
        assert peer.received[0].headers["host"] == "hooks.example.com"
        assert peer.server_names == ["hooks.example.com"]
        assert isinstance(error_of(destination), NotAllowedError)
        assert recording.asked == ["93.184.216.34"]
        assert len(peer.received) == 1


def test_the_next_address_is_tried(authority: trustme.CA, opened: Open, tmp_path: Path) -> None:
    """A host with a dead address and a live one is reached; `localhost` is resolved as the machine does."""
    assert set(resolve("localhost", 80)) <= {"127.0.0.1", "::1"}
    with HttpPeer() as peer:
        guard = AddressGuard(["twin.example.com"], resolve=lambda *_: ["127.0.0.9", "127.0.0.1"])
        destination = opened(
            GuardedBackend(guard),
            url=peer.url(host="twin.example.com"),
            allowed_private_hosts=["twin.example.com"],
        )
        assert outcomes(destination.send(batch(row()))) == ["ok"]


def test_only_a_known_authority_is_trusted(authority: trustme.CA, opened: Open, tmp_path: Path) -> None:
    """A certificate is taken from the authority in `ca_file` alone, for the right name alone; else nothing is sent."""
    with HttpPeer(context=context_of(authority, "localhost")) as peer:
        local, ours = {"url": peer.url(host="localhost")}, {"ca_file": ca_file(authority, tmp_path)}
        assert outcomes(opened(**local, **ours).send(batch(row()))) == ["ok"]
        assert isinstance(error_of(opened(**local)), NotAllowedError)
        wrong = error_of(opened(url=peer.url(host="127.0.0.1"), **ours))
        assert isinstance(wrong, NotAllowedError)
        assert "certificate" in str(wrong)
        assert len(peer.received) == 1


def test_proxies_of_the_environment_are_ignored(peer: HttpPeer, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Personal data goes to whom the connection names, whatever the environment says of proxies."""
    with HttpPeer() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        opened().send(batch(row()))
        assert proxy.connections == 0
    assert len(peer.received) == 1


# What a connection may say


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"url": "ftp://example.com/"}, "https://"),
        ({"url": "no address"}, "https://"),
        ({"url": "http://crm.example.com/"}, "https://"),
        ({"url": f"https://u:{SECRET}@crm.example.com/"}, "basic_user"),
        ({"remove_url": "https://other.example.com/"}, "remove_url"),
        ({"token_env": "A", "basic_user": "u", "basic_password_env": "B"}, "one of"),
        ({"basic_user": "u"}, "together"),
        ({"header_name": "X-Key"}, "together"),
        ({"header_name": "Host", "header_value_env": "A"}, "header"),
        ({"headers": {"Authorization": SECRET}}, "token_env"),
        ({"headers": {"Idempotency-Key": "1"}}, "client"),
        ({"headers": {"X-A": f"{SECRET}\r\nX-B: 2"}}, "visible"),
        ({"mapping": {"a": "$"}}, "$email"),
        ({"mapping": {"a": ["$key."]}}, "$key.email"),
        ({"mapping": {"a": datetime(2026, 1, 1, tzinfo=UTC)}}, "JSON"),
        ({"rows_path": "a..b"}, "rows_path"),
        ({"answers": {"path": "r"}}, "ok_path"),
        ({"answers": {"lists": "errors", "path": "r"}}, "index_path"),
        ({"token_env": SECRET}, "pattern"),
        ({"colour": SECRET}, "colour"),
        ({"allowed_private_hosts": ["a b/"]}, "hosts"),
        ({"max_response_bytes": 10}, "max_response_bytes"),
    ],
)
def test_a_wrong_connection_says_what_to_change(opened: Open, config: dict[str, Any], told: str) -> None:
    """A connection that can't be used is refused with a sentence, which never repeats a value."""
    with pytest.raises(WrongConnectionError) as caught:
        opened(**config)
    assert told in str(caught.value)
    assert SECRET not in str(caught.value)


def test_what_a_connection_needs_is_there_when_it_opens(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that isn't set, or that no header can hold, and a file that can't be read, are told before a run."""
    monkeypatch.setenv("BROKEN_SECRET", f"{SECRET}\n")
    (tmp_path / "empty.pem").write_text("no certificate")
    for config, told in (
        ({"token_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
        ({"signature_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
        ({"token_env": "BROKEN_SECRET"}, "BROKEN_SECRET"),
        ({"header_name": "X-Key", "header_value_env": "BROKEN_SECRET"}, "BROKEN_SECRET"),
        ({"ca_file": str(tmp_path / "none.pem")}, "none.pem"),
        ({"ca_file": str(tmp_path / "empty.pem")}, "empty.pem"),
    ):
        with pytest.raises(WrongConnectionError, match=told) as caught:
            opened(**config)
        assert SECRET not in str(caught.value)


def _reachable(value: Any, depth: int = 6) -> Iterator[str]:
    """What can be read of an object: its own text, and that of what it holds."""
    yield repr(value)
    yield str(value)
    if depth and hasattr(value, "__dict__") and type(value).__module__.startswith("orchestration"):
        for part in vars(value).values():
            yield from _reachable(part, depth - 1)


def test_a_secret_is_shown_nowhere(peer: HttpPeer, opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    """No error, no trace, no log at its finest and no object's text holds a secret, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    texts = []
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        for identity in (
            {"token_env": "HOOK_SECRET"},
            {"basic_user": "u", "basic_password_env": "HOOK_SECRET"},
            {"header_name": "X-Key", "header_value_env": "HOOK_SECRET"},
        ):
            destination = opened(**identity, signature_env="HOOK_SECRET", answers=ANSWERS)
            replies = [Reply(status) for status in (200, 302, 307, 401, 404, 429, 500)]
            peer.will(*replies, Reply(cut=True), Reply(body="<p>"), Reply(status=99))
            errors = [error_of(destination) for _ in range(len(replies) + 3)]
            errors += [error_of(opened(**identity, url=closed)), error_of(opened(**identity, url="https://localhost/"))]
            for error in errors:
                assert error.__context__ is None
                texts += ["".join(traceback.format_exception(error)), repr(error), repr(vars(error))]
            texts += _reachable(destination)
    texts += [record.getMessage() for record in caplog.records]
    assert any("httpcore" in record.name for record in caplog.records)
    assert len(texts) > 100
    encoded = "dTpzM2NyZXQtT2YtVGhlLUhvdXNl"
    assert not [text for text in texts if SECRET in text or encoded in text]


# The peer itself, as other tests use it


def test_a_peer_can_be_a_process(opened: Open, tmp_path: Path) -> None:
    """A peer of its own process has every request on disk before it answers, and answers a known key as before."""
    log = tmp_path / "requests.jsonl"
    command = [sys.executable, "-m", "tests.activation.http_peer", "--port", "0", "--log", str(log)]
    command += ["--honours-keys", "--replies", json.dumps([{"cut": True}]), "--rejects", "p9@example.com"]
    with subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            port = int(process.stdout.readline().rsplit(" ", 1)[1])
            destination = opened(url=f"http://127.0.0.1:{port}/in", **MANY, answers=ANSWERS)
            assert isinstance(error_of(destination), UnsureError)
            assert outcomes(opened(url=f"http://127.0.0.1:{port}/in").send(batch(row(4)))) == ["ok"]
            other = Batch("hook_contacts", "contacts", "another-key", [row(8), row(9)])
            assert outcomes(destination.send(other)) == ["ok", "rejected"]
            assert outcomes(destination.send(other)) == ["ok", "rejected"]
        finally:
            os.kill(process.pid, signal.SIGKILL)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [(line["key"], line["is_repeated"]) for line in lines] == [
        ("key-of-batch", False),
        ("key-4", False),
        ("another-key", False),
        ("another-key", True),
    ]
    assert lines[2]["body"]["rows"][1]["email"] == "p9@example.com"
