"""Klaviyo's profiles: imported as they are, their errors told row by row, and nobody is subscribed or made anew."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import klaviyo_api
import pytest

from orchestration.activation.conformance import Bench, check, laws_of
from orchestration.activation.conformance_bench import is_silent
from orchestration.activation.connections import WrongConnectionError, parse_connection
from orchestration.activation.destinations import klaviyo_endpoints
from orchestration.activation.destinations.klaviyo_endpoints import REVISION, Endpoint
from orchestration.activation.destinations.protocol import (
    Accepted,
    Batch,
    BatchRefusedError,
    Destination,
    NotAllowedError,
    Operation,
    SendError,
    Target,
    TryLaterError,
    UnsureError,
)
from tests.activation.klaviyo_bench import (
    KINDS,
    PROFILES,
    declared,
    good_row,
    judged,
    opened,
    outcomes,
    rows_of,
    sent,
    turned_back,
)
from tests.activation.klaviyo_laws import SPEC, _operation, _spec
from tests.activation.klaviyo_peer import KEY, KlaviyoPeer
from tests.activation.test_conformance import nobody

GARBAGE = ("html", "nothing", "half", "list", "inner", "strangers")


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[KlaviyoPeer]:
    """An account whose every exchange is judged."""
    with judged(monkeypatch) as account:
        yield account


def answering(peer: KlaviyoPeer, trouble: str) -> Destination:
    """A destination whose next request that writes goes wrong."""
    destination = opened(peer)
    peer.befall(trouble)
    return destination


@pytest.fixture
def bench(peer: KlaviyoPeer) -> Bench:
    """Profiles of an account."""
    return Bench(
        open=lambda: opened(peer),
        row=good_row,
        key=("email",),
        taken=lambda: turned_back(peer.account),
        down=lambda: opened(peer, prepared=False, url=f"http://127.0.0.1:{nobody()}"),
        cut=lambda: answering(peer, "cut"),
        garbage={name: partial(answering, peer, name) for name in GARBAGE},
        fields={"text": "note", "integer": "points", "decimal": "amount", "boolean": "is_on"},
        secrets=(KEY,),
    )


@pytest.mark.parametrize("law", laws_of(Bench))
def test_profiles_keep_the_law(law: str, bench: Bench) -> None:
    """Profiles keep the laws of destinations."""
    check(law, bench)


# What is sent


def test_a_row_is_sent_as_it_was_worked_out_by_hand(peer: KlaviyoPeer) -> None:
    """Klaviyo's own fields are attributes, all others properties, whose nulls are sent; numbers keep every digit."""
    payload = {
        "email": "Ann@Shop.example",
        "phone_number": "+15005550006",
        "external_id": 42,
        "first_name": "Ελένη",
        "last_name": None,
        "location_city": "Łódź",
        "location_zip": None,
        "location_latitude": Decimal("51.7592"),
        "lifecycle_stage": "日本語 “quoted” 👩‍👧",
        "order_count": 9007199254740993,
        "lifetime_amount": Decimal("12345678901234567890.123456"),
        "is_vip": False,
        "last_order": "2026-09-01T06:00:00.123Z",
        "audiences": None,
    }
    target = Target("profiles", key=("email",), kinds=dict.fromkeys(payload, "text"))
    [told] = sent(opened(peer, target, prefix="of_"), rows_of([payload]))
    [call] = peer.calls("/profile-bulk-import-jobs")
    assert call.body == {
        "data": {
            "type": "profile-bulk-import-job",
            "attributes": {
                "profiles": {
                    "data": [
                        {
                            "type": "profile",
                            "attributes": {
                                "email": "Ann@Shop.example",
                                "phone_number": "+15005550006",
                                "external_id": "42",
                                "first_name": "Ελένη",
                                "location": {"city": "Łódź", "latitude": Decimal("51.7592")},
                                "properties": {
                                    "of_lifecycle_stage": "日本語 “quoted” 👩‍👧",
                                    "of_order_count": 9007199254740993,
                                    "of_lifetime_amount": Decimal("12345678901234567890.123456"),
                                    "of_is_vip": False,
                                    "of_last_order": "2026-09-01T06:00:00.123Z",
                                    "of_audiences": None,
                                },
                            },
                        }
                    ]
                }
            },
        }
    }
    assert call.headers["authorization"] == f"Klaviyo-API-Key {KEY}"
    assert call.headers["revision"] == "2026-07-15" == REVISION
    assert call.headers["content-type"] == call.headers["accept"] == "application/vnd.api+json"
    assert told.outcome == "ok"


@pytest.mark.parametrize(
    ("nulls", "left"),
    [
        ("own", ("Ann", "+15005550006", None)),
        ("clear", (None, None, None)),
        ("skip", ("Ann", "+15005550006", "vip")),
    ],
)
def test_a_null_empties_or_leaves(peer: KlaviyoPeer, nulls: str, left: tuple[Any, ...]) -> None:
    """A null empties what is ours, and a name or phone that others may have brought only where `nulls` says so."""
    found = peer.account.put(email="ann@shop.example", first_name="Ann", phone_number="+15005550006")
    found.properties["tier"] = "vip"
    payload = {"email": "ann@shop.example", "first_name": None, "phone_number": None, "tier": None}
    assert outcomes(sent(opened(peer, nulls=nulls), rows_of([payload]))) == ["ok"]
    assert (found.attributes["first_name"], found.attributes["phone_number"], found.properties["tier"]) == left
    assert found.attributes["email"] == "ann@shop.example"


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"email": "no address"}, "email is no"), ({"email": "a@b"}, "email is no"), ({"email": ""}, "email is no"),
        ({"email": "a b@shop.example"}, "email is no"), ({"email": None}, "email is empty"),
        ({"email": f"{'a' * 250}@shop.example"}, "email is no"),
        ({"phone_number": "0151 123"}, "phone_number must be in E.164"),
        ({"phone_number": "15005550007"}, "phone_number must be in E.164"),
        ({"phone_number": "+0150055500"}, "phone_number must be in E.164"),
        ({"phone_number": "+\uff11\uff15\uff10\uff10\uff15\uff15\uff15\uff10\uff10"}, "phone_number must be in E.164"),
        ({"external_id": " "}, "external_id is blank"), ({"first_name": True}, "first_name is text"),
        ({"location_latitude": True}, "location_latitude must be a number"),
        ({"note": float("nan")}, "The row holds a value"), ({"note": "\ud800"}, "The row holds a value"),
        ({"note": "x" * 100_000}, "The profile is 100,"), ({"note": "ä" * 50_000}, "The profile is 100,"),
    ],
)  # fmt: skip
def test_what_klaviyo_would_not_take_is_invalid(peer: KlaviyoPeer, payload: dict[str, Any], told: str) -> None:
    """A value that Klaviyo can't hold is told of in a sentence without it, before anything is sent."""
    [row] = rows_of([{"email": "ann@shop.example"} | payload])
    problem = opened(peer).problems(row)
    assert problem is not None
    assert problem.startswith(told)
    assert not any(str(value) in problem for value in payload.values() if value and len(str(value)) > 4)
    assert not peer.seen


def test_nulls_alphabets_and_long_texts_are_described(peer: KlaviyoPeer) -> None:
    """Whatever a row may hold, the request is as the description has it, and the client of Klaviyo reads it."""
    texts = [None, "", "ä" * 16_384, "x" * 32_768, "\x00\u2028", "日本語 العربية 👩‍👧", '{"a": [1]}']
    names = ("first_name", "last_name", "organization", "locale", "title", "image", "location_city", "note")
    payloads = [good_row(n) | dict.fromkeys(names[n % 3 :], text) for n, text in enumerate(texts)]
    kept = [row for row in rows_of(payloads) if opened(peer).problems(row) is None]
    assert len(kept) >= 5
    assert outcomes(sent(opened(peer), kept)) == ["ok"] * len(kept)


# How jobs are answered


@pytest.mark.parametrize("name", ["UNFIT", "BROUGHT"])
def test_errors_of_an_import_are_of_their_rows(peer: KlaviyoPeer, name: str) -> None:
    """Errors, page after page, find their rows by the place or the profile that they tell; the others are there."""
    payloads = [good_row(n) | ({"first_name": name} if n % 2 else {}) for n in range(500)]
    answers = sent(opened(peer), rows_of(payloads))
    assert outcomes(answers) == ["ok", "rejected"] * 250
    assert {(one.code, one.message) for one in answers if one.outcome == "rejected"} == {("invalid", "It is unfit.")}
    assert len(peer.account.profiles) == 250
    assert len(peer.calls("/import-errors")) == 3
    assert len(peer.calls("/profile-bulk-import-jobs")) == 1


def test_a_job_without_errors_is_not_asked_for_them(peer: KlaviyoPeer) -> None:
    """An import of 10,000 rows that all arrive takes one upload, and questions after its job."""
    answers = sent(opened(peer), rows_of([good_row(n) for n in range(10_000)]))
    assert set(outcomes(answers)) == {"ok"}
    assert [seen.method for seen in peer.seen] == ["POST", "GET", "GET"]
    assert len(peer.account.profiles) == 10_000


@pytest.mark.parametrize("name", ["STRAY", "SILENT", "SPOILT"])
def test_an_error_of_nobody_knows_which_row_is_halved(peer: KlaviyoPeer, name: str) -> None:
    """An error that names no row refuses the batch, which the engine halves; of one row it is that row's."""
    rows = rows_of([good_row(1), good_row(2) | {"first_name": name}])
    with pytest.raises(BatchRefusedError):
        sent(opened(peer), rows)
    assert outcomes(sent(opened(peer), rows[1:])) == ["rejected"]
    assert outcomes(sent(opened(peer), rows[:1])) == ["ok"]


def test_rows_that_a_refusal_names_are_left_out(peer: KlaviyoPeer) -> None:
    """A refusal that points at rows rejects them; the rest is uploaded, and any process answers for all by the job."""
    payloads = [good_row(n) | ({"first_name": "REFUSED"} if n in (1, 4) else {}) for n in range(6)]
    payloads[5]["first_name"] = "UNFIT"
    batch = Batch("sync", "profiles", "batch", rows_of(payloads))
    answer = opened(peer).send(batch)
    while isinstance(answer, Accepted):
        answer = opened(peer).poll(answer.job_id, batch)
    assert outcomes(answer.rows) == ["ok", "rejected", "ok", "ok", "rejected", "rejected"]
    assert [(one.code, one.message) for one in answer.rows if one.code] == [
        ("invalid", "It can't be."), ("invalid", "It can't be."), ("invalid", "It is unfit."),
    ]  # fmt: skip
    assert [len(seen.profiles) for seen in peer.calls("/profile-bulk-import-jobs")] == [6, 4]
    all_bad = rows_of([good_row(n) | {"first_name": "REFUSED"} for n in range(3)])
    assert outcomes(sent(opened(peer), all_bad)) == ["rejected"] * 3


def test_what_is_wrong_for_every_row_stops_and_blames_none(peer: KlaviyoPeer) -> None:
    """A refusal of a list or of a parameter is not halved down to the rows, which it isn't about."""
    rows = rows_of([good_row(1), good_row(2)])
    for source in ({"pointer": "/data/relationships/lists/data/0/id"}, {"parameter": "revision"}):
        errors = [{"id": "1", "code": "invalid", "title": "No.", "detail": "person-1@shop.example", "source": source}]
        peer.befall({"errors": errors})
        with pytest.raises(NotAllowedError, match="the same for every row") as found:
            sent(opened(peer), rows)
        assert is_silent(found.value, "person-1")


def test_pages_that_cannot_be_found_are_not_nothing(peer: KlaviyoPeer) -> None:
    """Where the next page has no place, nobody knows what is on it, and no row is told of."""
    destination = opened(peer)
    batch = Batch("sync", "profiles", "batch", rows_of([good_row(n) | {"first_name": "UNFIT"} for n in range(150)]))
    answer = destination.send(batch)
    assert isinstance(answer, Accepted)
    peer.account.loses_pages, peer.account.jobs[answer.job_id].polls_left = True, 0
    with pytest.raises(UnsureError):
        destination.poll(answer.job_id, batch)


def test_an_address_that_cannot_be_looked_up_is_found_by_halves(peer: KlaviyoPeer) -> None:
    """A look-up that is refused over its filter is about rows, one of which may be at fault."""
    destination = opened(peer)
    sent(destination, rows_of([good_row(1), good_row(2)]))
    source = {"parameter": "filter"}
    peer.befall_reads({"errors": [{"id": "1", "code": "invalid", "title": "No.", "detail": "No.", "source": source}]})
    with pytest.raises(BatchRefusedError):
        sent(destination, rows_of([good_row(1), good_row(2)], Operation.REMOVE))


def test_the_profile_that_an_error_brings_says_more_than_its_place(peer: KlaviyoPeer) -> None:
    """Where the pointer of an error is of one row and its profile of another, it is the profile's."""
    destination = opened(peer)
    batch = Batch("sync", "profiles", "batch", rows_of([good_row(n) for n in range(4)]))
    answer = destination.send(batch)
    assert isinstance(answer, Accepted)
    job = peer.account.jobs[answer.job_id]
    job.failed, job.polls_left = 1, 0
    told = {
        "code": "invalid",
        "title": "Invalid.",
        "detail": "No.",
        "original_payload": {"email": "PERSON-2@Shop.example"},
    }
    job.errors = [told | {"source": {"pointer": "/data/attributes/profiles/data/0/attributes/email"}}]
    done = destination.poll(answer.job_id, batch)
    assert not isinstance(done, Accepted)
    assert outcomes(done.rows) == ["ok", "ok", "rejected", "ok"]


@pytest.mark.parametrize("code", ["cancelled", "job_gone"])
def test_a_job_that_ended_badly_has_its_rows_sent_again(peer: KlaviyoPeer, code: str) -> None:
    """Of a job that was cancelled, or that nobody knows any more, every row is rejected, which tries it again."""
    destination = opened(peer)
    batch = Batch("sync", "profiles", "batch", rows_of([good_row(1), good_row(2)]))
    answer = destination.send(batch)
    assert isinstance(answer, Accepted)
    if code == "cancelled":
        peer.account.jobs[answer.job_id].status = "cancelled"
        peer.account.jobs[answer.job_id].polls_left = 0
    else:
        del peer.account.jobs[answer.job_id]
        peer.befall_reads("", 400)
        assert not isinstance(destination.poll(answer.job_id, batch), Accepted)
    told = destination.poll(answer.job_id, batch)
    assert not isinstance(told, Accepted)
    assert {(one.outcome, one.code) for one in told.rows} == {("rejected", code)}


@pytest.mark.parametrize("trouble", [*GARBAGE, "cut"])
def test_a_question_that_is_not_answered_is_asked_again(peer: KlaviyoPeer, trouble: str) -> None:
    """Garbage in place of a job's status leaves us unsure; asked again, the rows are there, uploaded once."""
    destination = opened(peer)
    batch = Batch("sync", "profiles", "batch", rows_of([good_row(1) | {"first_name": "UNFIT"}, good_row(2)]))
    answer = destination.send(batch)
    assert isinstance(answer, Accepted)
    peer.account.polls = 0
    peer.befall_reads(trouble)
    with pytest.raises(UnsureError):
        destination.poll(answer.job_id, batch)
    peer.account.jobs[answer.job_id].polls_left = 0
    peer.befall_reads("", trouble)
    with pytest.raises(UnsureError):
        destination.poll(answer.job_id, batch)
    told = destination.poll(answer.job_id, batch)
    assert not isinstance(told, Accepted)
    assert outcomes(told.rows) == ["rejected", "ok"]
    assert len(peer.calls("/profile-bulk-import-jobs")) == 1


def test_too_much_for_one_request_is_halved(peer: KlaviyoPeer) -> None:
    """A body beyond 5 MB, or one profile more than 10,000, is refused before it is sent."""
    with pytest.raises(BatchRefusedError, match="more than one job"):
        opened(peer).send(
            Batch("s", "profiles", "b", rows_of([good_row(n) | {"note": "x" * 90_000} for n in range(60)]))
        )
    with pytest.raises(BatchRefusedError, match="more than one job"):
        opened(peer).send(Batch("s", "profiles", "b", rows_of([good_row(n) for n in range(10_001)])))
    assert not peer.seen


@pytest.mark.parametrize(
    ("trouble", "kind", "told"),
    [
        (401, NotAllowedError, "needs the scopes lists:write and profiles:write"),
        (403, NotAllowedError, "needs the scopes lists:write and profiles:write"), (404, NotAllowedError, "404"),
        ("lost way", NotAllowedError, "404"), (409, BatchRefusedError, "409"), (413, BatchRefusedError, "413"),
        (429, TryLaterError, "429"), (500, TryLaterError, "500"), (503, TryLaterError, "503"),
        ("hang", UnsureError, "ended before"),
    ],
)  # fmt: skip
def test_refusals_are_told_apart(peer: KlaviyoPeer, trouble: str | int, kind: type[SendError], told: str) -> None:
    """A status says whether rows, key or moment are at fault; nothing of a row or of the key is in a message."""
    destination = opened(peer, timeout_seconds=0.3)
    peer.befall(trouble)
    with pytest.raises(kind, match=told) as found:
        destination.send(Batch("sync", "profiles", "batch", rows_of([good_row(1), good_row(2)])))
    assert is_silent(found.value, KEY, "person-1", "note of")
    if trouble in (429, 503):
        assert isinstance(found.value, TryLaterError)
        assert found.value.after == 1.0


def test_a_wrong_key_stops_and_is_told_nowhere(peer: KlaviyoPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that isn't the account's blames no row; one that no header can hold is refused before anything is sent."""
    monkeypatch.setenv("KLAVIYO_KEY", "pk_another")
    with pytest.raises(NotAllowedError, match="401") as found:
        sent(opened(peer), rows_of([good_row(1)]))
    assert is_silent(found.value, "pk_another")
    seen = len(peer.seen)
    monkeypatch.setenv("KLAVIYO_KEY", "pk_another\n")
    with pytest.raises(WrongConnectionError, match="KLAVIYO_KEY"):
        opened(peer)
    assert len(peer.seen) == seen


# Who leaves


def test_who_leaves_keeps_all_that_is_not_ours(peer: KlaviyoPeer) -> None:
    """Of a profile that leaves our own properties go; it is not deleted, and nobody is made anew to be emptied."""
    kinds = KINDS | {"first_name": "text"}
    destination = opened(peer, replace(PROFILES, mode="mirror", kinds=kinds), prefix="of_")
    there = peer.account.put(email="person-1@shop.example", first_name="Ann")
    there.properties["typed"] = "by hand"
    sent(destination, rows_of([good_row(1), good_row(2)]))
    assert there.properties["of_note"] == "note of 1"
    answers = sent(destination, rows_of([good_row(1), good_row(2), good_row(3)], Operation.REMOVE))
    assert [(one.outcome, one.code) for one in answers] == [("ok", None), ("ok", None), ("noop", "not_there")]
    assert there.attributes["first_name"] == "Ann"
    assert [one.properties for one in peer.account.profiles.values()] == [{"typed": "by hand"}, {}]
    removal = peer.calls("/profile-bulk-import-jobs")[-1]
    assert removal.profiles[0] == {
        "type": "profile",
        "id": there.number,
        "attributes": {},
        "meta": {"patch_properties": {"unset": ["of_note", "of_points", "of_amount", "of_is_on"]}},
    }
    gone = sent(destination, rows_of([good_row(3)], Operation.REMOVE))
    assert outcomes(gone) == ["noop"]
    assert len(peer.calls("/profile-bulk-import-jobs")) == 2


def test_two_hundred_and_fifty_who_leave_are_looked_up_by_hundreds(peer: KlaviyoPeer) -> None:
    """Ids are looked up a hundred at once, whatever stands in an address, and emptied by one job."""
    payloads = [good_row(n) | {"email": f"O'Hara+{n}@Shop.example"} for n in range(250)]
    destination = opened(peer)
    sent(destination, rows_of(payloads))
    assert set(outcomes(sent(destination, rows_of(payloads, Operation.REMOVE)))) == {"ok"}
    assert len(peer.calls("/profiles")) == 3
    assert not turned_back(peer.account)


def test_a_sync_without_properties_takes_nothing_off(peer: KlaviyoPeer) -> None:
    """Where a sync writes attributes alone, who leaves keeps them, and nothing is asked."""
    destination = opened(peer, Target("profiles", mode="mirror", key=("email",), kinds={"email": "text"}))
    answers = sent(destination, rows_of([good_row(1)], Operation.REMOVE))
    assert [(one.outcome, one.code) for one in answers] == [("noop", "nothing_ours")]
    assert not peer.seen


@pytest.mark.parametrize("key", ["email", "phone_number", "external_id"])
def test_people_are_deleted_one_by_one(peer: KlaviyoPeer, key: str) -> None:
    """Mode `delete` asks for a deletion by the key, or by Klaviyo's id where it can't; who isn't there is left so."""
    people = [
        {"email": f"p{n}@shop.example", "phone_number": f"+1500555000{n}", "external_id": f"x{n}"} for n in (1, 2)
    ]
    there = peer.account.put(**people[0])
    destination = opened(peer, Target("profiles", mode="delete", key=(key,), kinds={key: "text"}))
    assert destination.limits.max_rows == 1
    row, missing = rows_of(people, Operation.REMOVE, key=key)
    assert outcomes(sent(destination, [row])) == ["ok"]
    assert not peer.account.profiles
    assert outcomes(sent(destination, [missing]))[0] in ("ok", "noop")
    wanted = {"id": there.number, "attributes": {}} if key == "external_id" else {"attributes": {key: people[0][key]}}
    assert peer.account.deletions[0] == {"type": "profile"} | wanted
    with pytest.raises(BatchRefusedError):
        destination.send(Batch("sync", "profiles", "batch", [row, missing]))


def test_a_deletion_of_nobody_is_invalid_and_stops_nothing(peer: KlaviyoPeer) -> None:
    """A key that is no address deletes nobody, and says so, though removals pass unasked."""
    destination = opened(peer, replace(PROFILES, mode="delete"))
    [told] = sent(destination, rows_of([{"email": "no address"}], Operation.REMOVE))
    assert (told.outcome, told.message) == ("invalid", "email is no e-mail address, such as ann@shop.example.")
    peer.befall(400)
    assert outcomes(sent(destination, rows_of([good_row(1)], Operation.REMOVE))) == ["rejected"]
    assert not peer.account.deletions


# What can be declared


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (Target("contacts"), "knows no object contacts"), (Target("list_"), "knows no object list_"),
        (Target("profiles", mode="append", key=("email",)), "can't be brought by mode append"),
        (Target("profiles", mode="update", key=("email",)), "can't be brought by mode update"),
        (Target("profiles", key=("profile_id",)), "must be one of email, phone_number, external_id"),
        (Target("profiles", key=("email", "phone_number")), "must be one of"),
        (Target("profiles", key=("email",), kinds={"email": "text", "$consent": "text"}), "begin with"),
        (Target("list_vip", key=("email",), kinds={"email": "text", "city": "text"}), "can't be sent city"),
        (Target("suppressions", key=("phone_number",)), "must be one of email, and not phone_number"),
        (Target("event_sale", mode="mirror"), "say one of append"),
        (Target("event_sale", mode="append", kinds={"cart_id": "text"}), "must tell whose events they are"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_said_before(peer: KlaviyoPeer, target: Target, told: str) -> None:
    """An object, mode, key or field that Klaviyo can't take is refused in a sentence, and nothing is asked."""
    with pytest.raises(WrongConnectionError, match=told):
        opened(peer, target)
    assert not peer.seen


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"url": "http://a.klaviyo.com"}, "https"), ({"url": "https://a.klaviyo.com/api"}, "no path"),
        ({"token_env": "KLAVIYO_KEY"}, "key_env"), ({"lists": {"vip": "abc"}}, "lists must be"),
        ({"lists": {"list_vip": "../x"}}, "lists must be"), ({"metrics": {"event_sale": " "}}, "metrics must be"),
        ({"metrics": {"event_sale": "x" * 128}}, "127 characters"), ({"key_env": "pk live"}, "key_env"),
    ],
)  # fmt: skip
def test_a_wrong_connection_is_explained(peer: KlaviyoPeer, more: dict[str, Any], told: str) -> None:
    """A connection that can't be used is refused in a sentence."""
    with pytest.raises(WrongConnectionError, match=told):
        parse_connection("klaviyo", declared(peer, **more))


def test_the_endpoints_are_as_the_description_has_them() -> None:
    """Paths, rate limits and scopes, written down by hand, are those of the pinned revision."""
    if not SPEC.exists():
        pytest.skip("Klaviyo's description isn't here.")
    assert _spec()["info"]["version"] == REVISION
    endpoints = [one for one in vars(klaviyo_endpoints).values() if isinstance(one, Endpoint)]
    assert len(endpoints) == 15
    for one in endpoints:
        described = _operation(one.method, one.path.replace("{id}", "x"))
        assert described["x-klaviyo-ratelimit"]["burst"] == f"{one.burst}/s"
        assert described["x-klaviyo-ratelimit"]["steady"] == f"{one.steady}/m"
        assert tuple(sorted(described["x-klaviyo-scopes"])) == tuple(sorted(one.scopes))
        assert str(one.success) in described["responses"]


def test_the_pace_of_an_endpoint_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a declared rate, no more imports begin in a second than the description allows, over two destinations."""
    with judged(monkeypatch, is_paced=True) as peer:
        destinations = [opened(peer), opened(peer)]
        for n in range(24):
            destinations[n % 2].send(Batch("sync", "profiles", f"b{n}", rows_of([good_row(n)])))
        starts = [seen.at for seen in peer.calls("/profile-bulk-import-jobs")]
        assert len(starts) == 24
        # A request takes some time to come, and the next may take less.
        assert all(later - first > 0.9 for first, later in zip(starts, starts[10:], strict=False))


def test_the_client_of_klaviyo_talks_to_the_account(peer: KlaviyoPeer) -> None:
    """Klaviyo's own client finds in the account what was sent, by its own requests."""
    sent(opened(peer), rows_of([good_row(1), good_row(2) | {"first_name": "UNFIT"}]))
    client = klaviyo_api.KlaviyoAPI(KEY, max_retries=1, test_host=peer.url)
    [job] = peer.account.jobs
    assert client.Profiles.get_bulk_import_profiles_job(job).data.attributes.failed_count == 1
    [error] = client.Profiles.get_errors_for_bulk_import_profiles_job(job).data
    assert error.attributes.source.pointer.startswith("/data/attributes/profiles/data/1")
    found = client.Profiles.get_profiles(filter='equals(email,"person-1@shop.example")').data
    assert [one.attributes.email for one in found] == ["person-1@shop.example"]
    # Its headers are its own.
    peer.seen[:] = [seen for seen in peer.seen if seen.headers["user-agent"] == "onefolk"]
