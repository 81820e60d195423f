"""HubSpot: contacts and companies are brought as they are, nothing that people typed is touched, and nobody is lost."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import hubspot
import pytest

from orchestration.activation.conformance import Bench, check, laws_of
from orchestration.activation.conformance_bench import is_silent
from orchestration.activation.connections import WrongConnectionError
from orchestration.activation.destinations.protocol import (
    BatchRefusedError,
    Destination,
    NotAllowedError,
    Operation,
    Target,
    TryLaterError,
    UnsureError,
)
from tests.activation.hubspot_account import described
from tests.activation.hubspot_bench import (
    CONTACTS,
    KINDS,
    good_row,
    judged,
    opened,
    outcomes,
    rows_of,
    sent,
    turned_back,
)
from tests.activation.hubspot_laws import SPECS, are_described, are_within_limits
from tests.activation.hubspot_peer import TOKEN, HubSpotPeer, Seen
from tests.activation.test_conformance import nobody

COMPANIES = Target(
    "companies", key=("onefolk_company_id",), kinds={"onefolk_company_id": "text", "onefolk_tier": "text"}
)
CONFLICT_MARK = "ann@shop.example"


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubSpotPeer]:
    """An account whose every exchange is judged."""
    with judged(monkeypatch) as account:
        yield account


# Laws


@pytest.fixture
def bench(peer: HubSpotPeer) -> Bench:
    """Contacts of an account, whose nulls leave a property as it is: an empty one is HubSpot's null."""

    def answering(trouble: str) -> Destination:
        destination = opened(peer, nulls="skip")
        peer.befall(trouble)
        return destination

    def prepared() -> Destination:
        return opened(peer, nulls="skip")

    return Bench(
        open=prepared,
        row=good_row,
        key=("email",),
        taken=lambda: turned_back(peer.account),
        down=lambda: opened(peer, prepared=False, url=f"http://127.0.0.1:{nobody()}"),
        cut=lambda: answering("cut"),
        garbage={name: partial(answering, name) for name in ("html", "nothing", "half", "list", "inner", "strangers")},
        fields={
            "text": "onefolk_note",
            "integer": "onefolk_points",
            "decimal": "onefolk_amount",
            "boolean": "onefolk_is_on",
        },
        secrets=(TOKEN,),
    )


@pytest.mark.parametrize("law", laws_of(Bench))
def test_contacts_keep_the_law(law: str, bench: Bench) -> None:
    """Contacts keep the laws of destinations."""
    check(law, bench)


# What is sent


def test_a_row_is_sent_as_it_was_worked_out_by_hand(peer: HubSpotPeer) -> None:
    """Every value is a text, numbers have no exponent, times are of UTC, and a null empties its property."""
    kinds = KINDS | {"onefolk_born_on": "date", "onefolk_seen_at": "timestamp", "onefolk_city": "text"}
    payload = {
        "email": "Ann@Shop.example",
        "onefolk_note": "日本語 “Ελληνικά” 👩‍👧",
        "onefolk_points": 9007199254740993,
        "onefolk_amount": Decimal("1E+3"),
        "onefolk_is_on": False,
        "onefolk_born_on": "1990-02-28",
        "onefolk_seen_at": "2026-09-01T06:00:00.123Z",
        "onefolk_city": None,
    }
    [told] = sent(opened(peer, replace(CONTACTS, kinds=kinds)), rows_of([payload]))
    [call] = peer.calls("/batch/upsert")
    assert call.body == {
        "inputs": [
            {
                "id": "Ann@Shop.example",
                "idProperty": "email",
                "objectWriteTraceId": "trace-add-1",
                "properties": {
                    "onefolk_note": "日本語 “Ελληνικά” 👩‍👧",
                    "onefolk_points": "9007199254740993",
                    "onefolk_amount": "1000",
                    "onefolk_is_on": "false",
                    "onefolk_born_on": "1990-02-28",
                    "onefolk_seen_at": "2026-09-01T06:00:00.123Z",
                    "onefolk_city": "",
                },
            }
        ]
    }
    [number] = peer.account.records["contacts"]
    assert (told.outcome, told.provider_id) == ("ok", number)
    assert peer.account.records["contacts"][number]["email"] == "ann@shop.example"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("12.500000"), "12.5"), (Decimal("-0.000001"), "-0.000001"), (Decimal("0E-6"), "0"), (-0.0, "0"),
        (Decimal("12345678901234567890.123456"), "12345678901234567890.123456"), (1e-7, "0.0000001"),
        (1e22, "1" + "0" * 22),
        (-(2**63), "-9223372036854775808"), (100, "100"), (Decimal("100"), "100"),
    ],
)  # fmt: skip
def test_numbers_keep_every_digit(peer: HubSpotPeer, value: Any, text: str) -> None:
    """A number is its digits, without an exponent, and without zeros that say nothing."""
    sent(opened(peer), rows_of([{"email": "ann@shop.example", "onefolk_amount": value}]))
    assert peer.calls("/batch/upsert")[0].body["inputs"][0]["properties"] == {"onefolk_amount": text}


@pytest.mark.parametrize(
    ("nulls", "left"),
    [
        ("own", {"jobtitle": "Boss"}),
        ("clear", {}),
        ("skip", {"onefolk_note": "before", "jobtitle": "Boss"}),
    ],
)
def test_a_null_empties_or_leaves(peer: HubSpotPeer, nulls: str, left: dict[str, str]) -> None:
    """A null empties what is ours, and what people type too only where the connection says; null is never sent."""
    destination = opened(peer, nulls=nulls, allowed_properties=["jobtitle"])
    sent(destination, rows_of([{"email": "ann@shop.example", "onefolk_note": "before", "jobtitle": "Boss"}]))
    gone = {"email": "ann@shop.example", "onefolk_note": None, "jobtitle": None}
    sent(destination, rows_of([gone], Operation.CHANGE))
    [record] = peer.account.records["contacts"].values()
    assert record == {"email": "ann@shop.example"} | left


@pytest.mark.parametrize("value", [[1], {"a": 1}, float("nan"), float("inf"), Decimal("NaN"), "\ud800", "x" * 65_537])
def test_what_no_property_holds_is_invalid(peer: HubSpotPeer, value: Any) -> None:
    """A value that HubSpot can't hold is told of in a sentence that names the field, before anything is sent."""
    [row] = rows_of([{"email": "ann@shop.example", "onefolk_note": value}])
    problem = opened(peer).problems(row)
    assert problem is not None
    assert problem.startswith("onefolk_note ")
    assert not peer.calls("/batch/upsert")


# What is made first


def test_missing_properties_are_shown_and_then_made_with_their_types(peer: HubSpotPeer) -> None:
    """What is missing is told before, made once with the right type, and the key with unique values."""
    kinds = {
        "onefolk_profile_id": "text",
        "onefolk_born_on": "date",
        "onefolk_seen_at": "timestamp",
        "onefolk_is_on": "boolean",
    }
    target = Target(
        "contacts", key=("onefolk_profile_id",), kinds=kinds | {"onefolk_amount": "number", "onefolk_note": "text"}
    )
    destination = opened(peer, target, prepared=False)
    assert destination.preparations() == [
        "create the group of properties onefolk of contacts",
        "create the property onefolk_profile_id (text, unique) of contacts",
        "create the property onefolk_born_on (date) of contacts",
        "create the property onefolk_seen_at (timestamp) of contacts",
        "create the property onefolk_is_on (boolean) of contacts",
        "create the property onefolk_amount (number) of contacts",
        "create the property onefolk_note (text) of contacts",
    ]
    assert {seen.method for seen in peer.seen} == {"GET"}
    destination.prepare()
    made = {name: one for name, one in peer.account.properties["contacts"].items() if name.startswith("onefolk_")}
    assert {name: (one["type"], one["fieldType"]) for name, one in made.items()} == {
        "onefolk_profile_id": ("string", "text"),
        "onefolk_born_on": ("date", "date"),
        "onefolk_seen_at": ("datetime", "date"),
        "onefolk_is_on": ("enumeration", "booleancheckbox"),
        "onefolk_amount": ("number", "number"),
        "onefolk_note": ("string", "text"),
    }
    assert [name for name, one in made.items() if one["hasUniqueValue"]] == ["onefolk_profile_id"]
    assert {one["groupName"] for one in made.values()} == {"onefolk"}
    posts = sum(seen.method == "POST" for seen in peer.seen)
    destination.prepare()
    assert (destination.preparations(), sum(seen.method == "POST" for seen in peer.seen)) == ([], posts)
    rows = rows_of([{"onefolk_profile_id": "p-7", "onefolk_is_on": True}], key="onefolk_profile_id")
    assert outcomes(sent(destination, rows)) == ["ok"]
    assert peer.calls("/batch/upsert")[0].body["inputs"][0]["idProperty"] == "onefolk_profile_id"


def test_only_what_is_missing_is_made(peer: HubSpotPeer) -> None:
    """With the group and the other properties there, a new field is one property more."""
    opened(peer)
    before = len(peer.seen)
    opened(peer, replace(CONTACTS, kinds=KINDS | {"onefolk_city": "text"}))
    posts = [(seen.path, seen.body["name"]) for seen in peer.seen[before:] if seen.method == "POST"]
    assert posts == [("/crm/v3/properties/contacts", "onefolk_city")]


def test_two_that_prepare_at_once_don_t_fail(peer: HubSpotPeer) -> None:
    """What another made meanwhile is there, and that is all that counts."""
    asked = peer.account.answer

    def overtaken(method: str, path: str, body: Any) -> Any:
        if method == "POST" and "/properties/" in path:
            asked(method, path, body)
        return asked(method, path, body)

    peer.account.answer = overtaken  # type: ignore[method-assign]
    opened(peer)
    assert len(peer.calls("/properties/contacts", 409)) == 4


@pytest.mark.parametrize(
    ("target", "there", "sentence"),
    [
        (CONTACTS, described("onefolk_points", "date", "date"), "onefolk_points of contacts is there already as a"),
        (CONTACTS, described("onefolk_amount", "number", "number", calculated=True), "is HubSpot's own"),
        (COMPANIES, described("onefolk_company_id"), "onefolk_company_id of companies has no unique values"),
        (replace(CONTACTS, kinds=KINDS | {"num_notes": "number"}), None, "num_notes of contacts is HubSpot's own"),
        (replace(CONTACTS, kinds=KINDS | {"nickname": "text"}), None, "contacts of HubSpot have no property nickname"),
    ],
)  # fmt: skip
def test_a_property_that_can_t_be_written_stops_the_sync(
    peer: HubSpotPeer, target: Target, there: dict[str, Any] | None, sentence: str
) -> None:
    """A property of another type, without unique values, of HubSpot's own or missing is told of; nothing is made."""
    if there:
        peer.account.properties[target.object][there["name"]] = there
    destination = opened(peer, target, prepared=False, allowed_properties=["num_notes", "nickname"])
    for ask in (destination.preparations, destination.prepare):
        with pytest.raises(NotAllowedError, match=sentence):
            ask()
    assert {seen.method for seen in peer.seen} == {"GET"}


def test_the_catalogue_tells_what_may_be_written(peer: HubSpotPeer) -> None:
    """It has the key, ours with their types, those that will be made, and those allowed by name; nothing else."""
    peer.account.properties["contacts"]["onefolk_note"] = described("onefolk_note", "date", "date")
    found = opened(peer, prepared=False, allowed_properties=["shirt", "jobtitle"]).catalogue()
    assert dict(found.fields) == KINDS | {"onefolk_note": "date", "shirt": "text", "jobtitle": "text"}
    assert (list(found.required), found.is_open) == (["email"], False)


# What people typed


def test_what_people_typed_stays(peer: HubSpotPeer) -> None:
    """Of a contact that is brought, changed and taken away only our own properties are ever touched."""
    typed = {"email": "ann@shop.example", "firstname": "Ann", "jobtitle": "Captain"}
    number = peer.account.put("contacts", **typed)
    destination = opened(peer)
    for operation in (Operation.ADD, Operation.CHANGE):
        sent(destination, rows_of([good_row(1) | {"email": "ann@shop.example"}], operation))
        assert peer.account.records["contacts"][number].items() >= typed.items()
        assert peer.account.records["contacts"][number]["onefolk_points"] == "1"
    assert outcomes(sent(destination, rows_of([typed], Operation.REMOVE))) == ["ok"]
    assert peer.account.records["contacts"] == {number: typed}


def test_a_field_of_others_is_never_sent(peer: HubSpotPeer) -> None:
    """A field without our prefix is refused when the sync is opened, and again when a row has it all the same."""
    with pytest.raises(WrongConnectionError, match="firstname of contacts would overwrite what people type"):
        opened(peer, replace(CONTACTS, kinds=KINDS | {"firstname": "text"}))
    row = {"email": "ann@shop.example", "firstname": "Ann"}
    with pytest.raises(NotAllowedError, match="firstname of contacts would overwrite"):
        sent(opened(peer), rows_of([row]))
    assert not peer.account.records["contacts"]
    allowed = opened(peer, replace(CONTACTS, kinds=KINDS | {"firstname": "text"}), allowed_properties=["firstname"])
    assert outcomes(sent(allowed, rows_of([row]))) == ["ok"]
    # What was allowed by name may be a person's by now.
    sent(allowed, rows_of([row], Operation.REMOVE))
    assert [one["firstname"] for one in peer.account.records["contacts"].values()] == ["Ann"]


# Answers


def test_each_row_gets_its_own_answer(peer: HubSpotPeer) -> None:
    """Of a batch with bad rows each is told apart by its trace id, whatever the order of the answer."""
    rows = [good_row(number) for number in range(1, 6)]
    rows[1] |= {"email": "no address"}
    rows[3] |= {"onefolk_points": "many"}
    told = sent(opened(peer), rows_of(rows))
    assert outcomes(told) == ["ok", "rejected", "ok", "rejected", "ok"]
    assert [one.code for one in told] == [None, "INVALID_EMAIL", None, "VALIDATION_ERROR", None]
    assert "onefolk_points" in (told[3].message or "")
    held = {record["email"]: number for number, record in peer.account.records["contacts"].items()}
    assert {f"person-{told.seq}@shop.example": told.provider_id for told in told if told.outcome == "ok"} == held


def test_results_without_traces_are_told_apart_by_the_key(peer: HubSpotPeer) -> None:
    """Where results tell no trace id, the key's value does, in small letters."""
    peer.account.with_traces = False
    rows = [good_row(number) | {"email": f"PERSON-{number}@Shop.example"} for number in (1, 2, 3)]
    told = sent(opened(peer), rows_of(rows))
    by_id = peer.account.records["contacts"]
    assert [by_id[str(one.provider_id)]["onefolk_points"] for one in told] == ["1", "2", "3"]


def test_a_row_that_nobody_tells_of_leaves_us_unsure(peer: HubSpotPeer) -> None:
    """A row that is neither among the results nor among the errors may have been taken."""
    destination = opened(peer)
    peer.befall("short")
    with pytest.raises(UnsureError, match="nobody knows what was taken"):
        sent(destination, rows_of([good_row(1), good_row(2)]))


def test_an_error_that_names_no_row_is_found_by_halves(peer: HubSpotPeer) -> None:
    """An error without a trace refuses the batch, and of a row alone is that row's."""
    destination = opened(peer)
    peer.befall("untraced", "untraced")
    bad = good_row(2) | {"onefolk_points": "many"}
    with pytest.raises(BatchRefusedError):
        sent(destination, rows_of([good_row(1), bad]))
    [told] = sent(destination, rows_of([bad]))
    assert (told.outcome, told.code) == ("rejected", "VALIDATION_ERROR")


def test_a_conflict_refuses_the_batch_and_is_told_of_a_row_alone(peer: HubSpotPeer) -> None:
    """HubSpot's 409 is of all rows: halved, the row that is alone with it gets HubSpot's own words."""
    peer.account.put("contacts", email=CONFLICT_MARK)
    kinds = {"onefolk_profile_id": "text", "email": "text"}
    destination = opened(
        peer, Target("contacts", key=("onefolk_profile_id",), kinds=kinds), allowed_properties=["email"]
    )
    rows = [{"onefolk_profile_id": str(n), "email": f"p{n}@shop.example"} for n in (1, 2)]
    rows.append({"onefolk_profile_id": "3", "email": CONFLICT_MARK})
    with pytest.raises(BatchRefusedError) as caught:
        sent(destination, rows_of(rows, key="onefolk_profile_id"))
    assert is_silent(caught.value, CONFLICT_MARK, TOKEN)
    [told] = sent(destination, rows_of(rows[2:], key="onefolk_profile_id"))
    assert (told.outcome, told.code) == ("rejected", "CONFLICT")
    assert CONFLICT_MARK in (told.message or "")


def test_what_is_no_request_is_not_sent(peer: HubSpotPeer) -> None:
    """More rows than a request may hold, and removals among others, are refused without a request."""
    destination, before = opened(peer), len(peer.seen)
    mixed = [*rows_of([good_row(1)]), *rows_of([good_row(2)], Operation.REMOVE)]
    for rows in (rows_of([good_row(number) for number in range(101)]), mixed):
        with pytest.raises(BatchRefusedError):
            sent(destination, rows)
    assert len(peer.seen) == before


# Who leaves


def test_who_leaves_is_found_and_emptied(peer: HubSpotPeer) -> None:
    """By the id that was kept, else by the key or another address of the contact; who is gone needs nothing."""
    destination = opened(peer)
    people = [good_row(number) for number in range(1, 6)]
    ids = [str(told.provider_id) for told in sent(destination, rows_of(people))]
    peer.account._set("contacts", ids[2], {"email": "new@shop.example", "hs_additional_emails": people[2]["email"]})
    peer.account.drop("contacts", ids[3])
    peer.account.drop("contacts", ids[4])
    rows = rows_of(people, Operation.REMOVE, r1=ids[0], r5=ids[4])
    assert outcomes(sent(destination, rows)) == ["ok", "ok", "ok", "noop", "noop"]
    assert not turned_back(peer.account)
    assert set(peer.account.records["contacts"]) == set(ids[:3])
    # Those without an id are looked up together, and all are emptied together; then who has another id by now.
    assert [call.rows for call in peer.calls("/batch/read")] == [3, 1]
    assert [call.rows for call in peer.calls("/batch/update")] == [4]


def test_who_became_one_with_another_is_emptied_there(peer: HubSpotPeer) -> None:
    """A contact that was merged away leaves its address to another, which holds what we wrote."""
    destination = opened(peer)
    [told] = sent(destination, rows_of([good_row(1)]))
    peer.account.drop("contacts", str(told.provider_id))
    kept = {"email": "ann@shop.example", "hs_additional_emails": "person-1@shop.example"}
    peer.account.put("contacts", **kept, onefolk_note="note of 1")
    assert outcomes(sent(destination, rows_of([good_row(1)], Operation.REMOVE, r1=str(told.provider_id)))) == ["ok"]
    assert list(peer.account.records["contacts"].values()) == [kept]


def test_nobody_is_taken_for_gone_while_look_ups_fail(peer: HubSpotPeer) -> None:
    """A look-up that fails for a reason of HubSpot's own says nothing of whether a contact is there."""
    destination = opened(peer)
    sent(destination, rows_of([good_row(1)]))
    asked = peer.account.answer

    def failing(method: str, path: str, body: Any) -> Any:
        status, told = asked(method, path, body)
        if path.endswith("/read"):
            error = {"status": "error", "category": "INTERNAL_ERROR", "message": "It fails.", "errors": []}
            told |= {"results": [], "numErrors": 1, "errors": [error | {"links": {}, "context": {}}]}
            status = 207
        return status, told

    peer.account.answer = failing  # type: ignore[method-assign]
    with pytest.raises(TryLaterError, match="can't look records up now"):
        sent(destination, rows_of([good_row(1)], Operation.REMOVE))
    assert turned_back(peer.account)


def test_two_rows_that_are_one_contact_by_now_are_emptied_once(peer: HubSpotPeer) -> None:
    """Contacts that were merged are one record, which HubSpot takes once in a batch."""
    destination = opened(peer)
    [told] = sent(destination, rows_of([good_row(1)]))
    rows = rows_of([good_row(1), good_row(2)], Operation.REMOVE, r1=told.provider_id, r2=told.provider_id)
    assert outcomes(sent(destination, rows)) == ["ok", "ok"]
    assert not turned_back(peer.account)


def test_contacts_are_deleted_for_good(peer: HubSpotPeer) -> None:
    """Mode delete deletes by id or by e-mail, a request each, and needs no properties; again it changes nothing."""
    numbers = [peer.account.put("contacts", email=f"p{n}@shop.example", firstname="Ann") for n in (1, 2)]
    stays = peer.account.put("contacts", email="stays@shop.example")
    destination = opened(peer, replace(CONTACTS, mode="delete"))
    assert (destination.limits.max_rows, destination.preparations()) == (10, [])
    people = [{"email": f"p{n}@shop.example"} for n in (1, 2, 3)]
    rows = rows_of(people, Operation.REMOVE, r1=numbers[0])
    assert outcomes(sent(destination, rows)) == ["ok", "ok", "ok"]
    assert [call.body for call in peer.calls("/gdpr-delete")] == [
        {"objectId": numbers[0]},
        {"objectId": "p2@shop.example", "idProperty": "email"},
        {"objectId": "p3@shop.example", "idProperty": "email"},
    ]
    assert (set(peer.account.records["contacts"]), peer.account.barred) == ({stays}, ["p3@shop.example"])
    assert outcomes(sent(destination, rows)) == ["ok", "ok", "ok"]
    # An id that is nobody's any more is no reason to keep the person.
    assert [call.body for call in peer.calls("/gdpr-delete")][3:5] == [
        {"objectId": numbers[0]},
        {"objectId": "p1@shop.example", "idProperty": "email"},
    ]
    by_profile = opened(peer, Target("contacts", "delete", ("onefolk_profile_id",), {"onefolk_profile_id": "text"}))
    peer.account.properties["contacts"]["onefolk_profile_id"] = described("onefolk_profile_id", hasUniqueValue=True)
    gone = rows_of([{"onefolk_profile_id": "p9"}], Operation.REMOVE, key="onefolk_profile_id", r1="999")
    assert outcomes(sent(by_profile, gone)) == ["noop"]
    assert not peer.calls("/properties/contacts")


@pytest.mark.parametrize("mode", ["delete", "mirror"])
def test_nobody_is_taken_for_gone_over_a_strange_404(peer: HubSpotPeer, mode: str) -> None:
    """A 404 that isn't HubSpot's own, as of a wrong address, says nothing of a contact: the sync stops."""
    peer.account.put("contacts", email="ann@shop.example", onefolk_note="ours")
    destination = opened(peer, replace(CONTACTS, mode=mode))
    peer.befall("lost way")
    with pytest.raises(NotAllowedError, match="check url"):
        sent(destination, rows_of([{"email": "ann@shop.example"}], Operation.REMOVE))
    assert len(peer.account.records["contacts"]) == 1


def test_companies_are_archived(peer: HubSpotPeer) -> None:
    """Mode delete archives companies, all of a batch in one request, and those that aren't there need nothing."""
    peer.account.properties["companies"]["onefolk_company_id"] = described("onefolk_company_id", hasUniqueValue=True)
    numbers = [peer.account.put("companies", onefolk_company_id=f"c{n}", name="Shop") for n in (1, 2, 3)]
    destination = opened(peer, replace(COMPANIES, mode="delete"))
    people = [{"onefolk_company_id": f"c{n}"} for n in (1, 2, 9)]
    rows = rows_of(people, Operation.REMOVE, key="onefolk_company_id", r1=numbers[0])
    assert outcomes(sent(destination, rows)) == ["ok", "ok", "noop"]
    assert set(peer.account.records["companies"]) == {numbers[2]}
    assert outcomes(sent(destination, rows_of(people[2:], Operation.REMOVE, key="onefolk_company_id"))) == ["noop"]
    assert len(peer.calls("/batch/archive")) == 1


# Other modes


def test_update_makes_nobody(peer: HubSpotPeer) -> None:
    """Mode update changes whom HubSpot has, by record id, and rejects others with a sentence."""
    number = peer.account.put("contacts", email="ann@shop.example")
    rows = [good_row(1) | {"email": "ann@shop.example"}, good_row(2)]
    told = sent(opened(peer, replace(CONTACTS, mode="update")), rows_of(rows, Operation.CHANGE))
    assert outcomes(told) == ["ok", "rejected"]
    assert told[1].message == "HubSpot has no such record among its contacts."
    assert peer.account.records["contacts"][number]["onefolk_points"] == "1"
    assert list(peer.account.records["contacts"]) == [number]
    [call] = peer.calls("/batch/update")
    assert [(one["id"], one.get("idProperty")) for one in call.body["inputs"]] == [(number, None)]


def test_update_by_the_record_s_own_id(peer: HubSpotPeer) -> None:
    """With HubSpot's own ids as the key nothing is looked up."""
    number = peer.account.put("companies", name="Shop")
    target = Target("companies", "update", ("hs_object_id",), {"hs_object_id": "text", "onefolk_tier": "text"})
    rows = [{"hs_object_id": number, "onefolk_tier": "gold"}, {"hs_object_id": "999", "onefolk_tier": "gold"}]
    told = sent(opened(peer, target), rows_of(rows, Operation.CHANGE, key="hs_object_id"))
    assert (outcomes(told), told[1].code) == (["ok", "rejected"], "OBJECT_NOT_FOUND")
    assert peer.account.records["companies"][number] == {"name": "Shop", "onefolk_tier": "gold"}
    assert not peer.calls("/batch/read")


def test_insert_leaves_whom_it_finds(peer: HubSpotPeer) -> None:
    """Mode insert makes who isn't there, and who is there stays as they are; one with another's e-mail is rejected."""
    number = peer.account.put("contacts", email="ann@shop.example", firstname="Ann")
    destination = opened(peer, replace(CONTACTS, mode="insert"))
    rows = rows_of([good_row(1), good_row(2) | {"email": "ann@shop.example"}])
    told = sent(destination, rows)
    assert (outcomes(told), told[1].provider_id) == (["ok", "noop"], number)
    assert peer.account.records["contacts"][number] == {"email": "ann@shop.example", "firstname": "Ann"}
    peer.account.conflicts_refuse_all = True
    with pytest.raises(BatchRefusedError):
        sent(destination, rows)
    assert outcomes(sent(destination, rows[1:])) == ["noop"]
    kinds = {"onefolk_profile_id": "text", "email": "text"}
    other = Target("contacts", "insert", ("onefolk_profile_id",), kinds)
    clash = rows_of([{"onefolk_profile_id": "p", "email": "ann@shop.example"}], key="onefolk_profile_id")
    [told] = sent(opened(peer, other, allowed_properties=["email"]), clash)
    assert (told.outcome, told.code) == ("rejected", "CONFLICT")


def test_companies_are_brought_by_a_unique_property(peer: HubSpotPeer) -> None:
    """Companies are upserted by a property of our own; one that people made with the same name stays another."""
    peer.account.put("companies", name="Shop", domain="shop.example")
    rows = [{"onefolk_company_id": "c1", "onefolk_tier": "gold"}, {"onefolk_company_id": "c2", "onefolk_tier": None}]
    destination = opened(peer, COMPANIES)
    for _ in range(2):
        assert outcomes(sent(destination, rows_of(rows, key="onefolk_company_id"))) == ["ok", "ok"]
    assert sorted(peer.account.records["companies"].values(), key=repr) == sorted(
        [
            {"name": "Shop", "domain": "shop.example"},
            {"onefolk_company_id": "c1", "onefolk_tier": "gold"},
            {"onefolk_company_id": "c2"},
        ],
        key=repr,
    )


# Witnesses


def test_hubspots_own_client_finds_what_we_brought(peer: HubSpotPeer) -> None:
    """HubSpot's client, asked over the wire, reads the contacts that we wrote, and writes ones that we then find."""
    destination = opened(peer)
    [told] = sent(destination, rows_of([good_row(1)]))
    client = hubspot.Client.create(access_token=TOKEN)
    batches = client.crm.contacts.batch_api
    batches.api_client.configuration.host = peer.url
    read = batches.read(
        {"inputs": [{"id": "person-1@shop.example"}], "idProperty": "email", "properties": ["onefolk_note"],
         "propertiesWithHistory": []}
    )  # fmt: skip
    assert [(one.id, one.properties["onefolk_note"]) for one in read.results] == [(told.provider_id, "note of 1")]
    theirs = [
        {"id": "bob@shop.example", "idProperty": "email", "properties": {"firstname": "Bob"}, "objectWriteTraceId": "t"}
    ]
    [bob] = batches.upsert({"inputs": theirs}).results
    [told] = sent(destination, rows_of([good_row(2) | {"email": "bob@shop.example"}]))
    assert told.provider_id == bob.id


@pytest.mark.skipif(not SPECS.exists(), reason="needs HubSpot's descriptions in ../shared/specs")
def test_requests_are_as_hubspot_describes_them(peer: HubSpotPeer) -> None:
    """With nulls, other alphabets, texts of 32 KB and 101 rows every request and answer is as described."""
    destination = opened(peer)
    ugly = ["", "日本語 العربية Русский", "ä" * 16_384, "👩‍👩‍👧‍👦", 'it\'s "quoted" \\N', "\u2028\x00", None]
    payloads = [good_row(n) | {"onefolk_note": ugly[n % len(ugly)], "onefolk_amount": None} for n in range(101)]
    rows = rows_of(payloads)
    assert set(outcomes(sent(destination, rows[:100]) + sent(destination, rows[100:]))) == {"ok"}
    sent(destination, rows_of([good_row(1)], Operation.REMOVE))
    assert are_described(peer.seen) == 4


@pytest.mark.skipif(not SPECS.exists(), reason="needs HubSpot's descriptions in ../shared/specs")
@pytest.mark.parametrize("value", [None, 7, True])
def test_the_description_refuses_what_is_no_text(value: Any) -> None:
    """The judge of requests is awake: a value that is no text is no request of HubSpot's."""
    inputs = [{"id": "a@b.example", "idProperty": "email", "objectWriteTraceId": "t", "properties": {"x": value}}]
    seen = Seen(0.0, "POST", "/crm/v3/objects/contacts/batch/upsert", {"inputs": inputs}, 200, None)
    with pytest.raises(AssertionError):
        are_described([seen])


def test_the_table_of_limits_refuses_a_row_too_many() -> None:
    """The judge of limits is awake: descriptions let 101 rows pass, and the table doesn't."""
    one = {"id": "a@b.example", "idProperty": "email", "properties": {}}
    inputs = [one | {"objectWriteTraceId": str(number)} for number in range(101)]
    seen = Seen(0.0, "POST", "/crm/v3/objects/contacts/batch/upsert", {"inputs": inputs}, 200, None)
    with pytest.raises(AssertionError):
        are_within_limits([seen])
    if SPECS.exists():
        assert are_described([seen]) == 1
