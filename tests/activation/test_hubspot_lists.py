"""Static lists of HubSpot: who is to be on one is, who leaves is taken off, and no contact is made or touched."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import hubspot
import pytest

from orchestration.activation.conformance import Bench, check, laws_of
from orchestration.activation.destinations.protocol import (
    Destination,
    NotAllowedError,
    Operation,
    Row,
    Target,
    UnsureError,
)
from tests.activation.hubspot_account import StaticList
from tests.activation.hubspot_bench import judged, opened, outcomes, rows_of, sent
from tests.activation.hubspot_laws import SPECS, are_described
from tests.activation.hubspot_peer import TOKEN, HubSpotPeer
from tests.activation.test_conformance import nobody

VIP = Target("list_vip", "audience", ("email",), {"email": "text"})
REMOVE = Operation.REMOVE


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubSpotPeer]:
    """An account whose every exchange is judged."""
    with judged(monkeypatch) as account:
        yield account


def person(number: int) -> dict[str, str]:
    """The n-th row."""
    return {"email": f"person-{number}@shop.example"}


def people(peer: HubSpotPeer, numbers: Sequence[int] | range) -> list[str]:
    """Make contacts; their ids."""
    return [peer.account.put("contacts", **person(number)) for number in numbers]


def members(peer: HubSpotPeer, number: str = "1") -> set[str]:
    """Ids of who is on a list."""
    return peer.account.lists[number].members


# Laws


@pytest.fixture
def bench(peer: HubSpotPeer) -> Bench:
    """A list of an account that knows everybody."""
    people(
        peer,
        [*range(25), *(1_000 * thread + 100 * turn + n for thread in range(8) for turn in range(3) for n in range(10))],
    )
    known = {record["email"] for record in peer.account.records["contacts"].values()}
    people(peer, [number for number in range(1_001) if person(number)["email"] not in known])

    def answering(trouble: str) -> Destination:
        destination = opened(peer, VIP)
        peer.befall(trouble)
        return destination

    def taken() -> list[dict[str, str]]:
        contacts = peer.account.records["contacts"]
        return [{"email": contacts[one]["email"]} for single in peer.account.lists.values() for one in single.members]

    return Bench(
        open=lambda: opened(peer, VIP),
        row=person,
        key=("email",),
        taken=taken,
        down=lambda: opened(peer, VIP, prepared=False, url=f"http://127.0.0.1:{nobody()}"),
        cut=lambda: answering("cut"),
        garbage={name: partial(answering, name) for name in ("html", "nothing", "half", "list", "inner")},
        secrets=(TOKEN,),
    )


# A list holds contacts and no values.
@pytest.mark.parametrize("law", [law for law in laws_of(Bench) if not law.startswith("values_arrive")])
def test_lists_keep_the_law(law: str, bench: Bench) -> None:
    """Lists keep the laws of destinations."""
    check(law, bench)


# Who is on it


def test_a_list_is_shown_and_then_made(peer: HubSpotPeer) -> None:
    """A list that is missing is told of before, and made once: static, of contacts, by our name."""
    destination = opened(peer, VIP, prepared=False)
    assert list(destination.preparations()) == ["create the static list 'Onefolk: vip' of contacts"]
    assert not peer.account.lists
    with pytest.raises(NotAllowedError, match="has no list 'Onefolk: vip'"):
        sent(destination, rows_of([person(1)]))
    destination.prepare()
    destination.prepare()
    assert list(destination.preparations()) == []
    assert [call.body for call in peer.calls("/crm/v3/lists")] == [
        {"name": "Onefolk: vip", "objectTypeId": "0-1", "processingType": "MANUAL"}
    ]
    assert peer.account.lists == {"1": StaticList("Onefolk: vip")}


def test_who_comes_is_found_by_hundreds_and_added_at_once(peer: HubSpotPeer) -> None:
    """Contacts are looked up by hundreds and added by five hundreds; who is no contact yet is told to become one."""
    ids = people(peer, range(250))
    rows = rows_of([person(number) for number in range(252)])
    told = sent(opened(peer, VIP), rows)
    assert outcomes(told) == ["ok"] * 250 + ["rejected"] * 2
    assert {one.message for one in told[250:]} == {"There is no such contact in HubSpot: deliver contacts first."}
    assert [one.provider_id for one in told[:250]] == ids
    assert members(peer) == set(ids)
    assert [call.rows for call in peer.calls("/batch/read")] == [100, 100, 52]
    assert [call.body for call in peer.calls("/add-and-remove")] == [{"recordIdsToAdd": ids, "recordIdsToRemove": []}]
    assert all(set(record) == {"email"} for record in peer.account.records["contacts"].values())


def test_who_comes_again_is_there_already(peer: HubSpotPeer) -> None:
    """The same rows again change nothing, and those whose ids are known are not looked up."""
    ids = people(peer, range(3))
    destination = opened(peer, VIP)
    rows = rows_of([person(number) for number in range(3)], r1=ids[0], r2=ids[1], r3=ids[2])
    assert outcomes(sent(destination, rows)) == ["ok"] * 3
    assert outcomes(sent(destination, rows)) == ["noop"] * 3
    assert not peer.calls("/batch/read")
    assert members(peer) == set(ids)


def test_who_leaves_is_taken_off_and_stays_a_contact(peer: HubSpotPeer) -> None:
    """By the id that was kept or by the key; who isn't on it, or is no contact any more, needs nothing."""
    ids = people(peer, range(4))
    destination = opened(peer, VIP)
    sent(destination, rows_of([person(number) for number in range(3)]))
    rows = rows_of([person(number) for number in (0, 1, 3, 9)], REMOVE, r1=ids[0])
    assert outcomes(sent(destination, rows)) == ["ok", "ok", "noop", "noop"]
    assert members(peer) == {ids[2]}
    assert set(peer.account.records["contacts"]) == set(ids)
    assert peer.calls("/add-and-remove")[-1].body == {
        "recordIdsToAdd": [],
        "recordIdsToRemove": [ids[0], ids[1], ids[3]],
    }


def test_a_row_may_tell_the_contact_s_own_id(peer: HubSpotPeer) -> None:
    """A row that says which record it is isn't looked up, be its id the key or beside it."""
    ids = people(peer, range(2))
    beside = replace(VIP, kinds={"email": "text", "hs_object_id": "text"})
    rows = rows_of([person(0) | {"hs_object_id": ids[0]}])
    assert outcomes(sent(opened(peer, beside), rows)) == ["ok"]
    as_key = Target("list_vip", "audience", ("hs_object_id",), {"hs_object_id": "number"})
    rows = rows_of([{"hs_object_id": int(ids[1])}, {"hs_object_id": 5}], key="hs_object_id")
    assert outcomes(sent(opened(peer, as_key), rows)) == ["ok", "rejected"]
    assert members(peer) == set(ids)
    assert not peer.calls("/batch/read")


def test_a_contact_that_was_made_anew_is_found_again(peer: HubSpotPeer) -> None:
    """An id that was kept and is of nobody any more is looked up by the key, before the row is rejected."""
    [old, gone] = people(peer, range(2))
    peer.account.drop("contacts", old)
    peer.account.drop("contacts", gone)
    [new] = people(peer, [0])
    told = sent(opened(peer, VIP), rows_of([person(0), person(1)], r1=old, r2=gone))
    assert [(one.outcome, one.provider_id) for one in told] == [("ok", new), ("rejected", None)]
    assert members(peer) == {new}


def test_who_became_one_with_another_is_taken_off(peer: HubSpotPeer) -> None:
    """A contact that was merged away is on the list as the one that it became, and leaves as that."""
    [old, other] = people(peer, range(2))
    destination = opened(peer, VIP)
    sent(destination, rows_of([person(0), person(1)]))
    peer.account.drop("contacts", old)
    peer.account._set("contacts", other, {"hs_additional_emails": person(0)["email"]})
    [told] = sent(destination, rows_of([person(0)], REMOVE, r1=old))
    assert (told.outcome, told.provider_id, members(peer)) == ("ok", other, set())


def test_two_pages_at_once_don_t_fill_a_list_twice(peer: HubSpotPeer) -> None:
    """Room on a list is taken before it is asked for, so that two threads don't take the same."""
    people(peer, range(20))
    destination = opened(peer, VIP, max_list_size=10)
    batches = [rows_of([person(number) for number in range(start, start + 4)]) for start in (0, 4, 8, 12, 16)]

    def attempt(rows: list[Row]) -> bool:
        try:
            return set(outcomes(sent(destination, rows))) == {"ok"}
        except NotAllowedError:
            return False

    with ThreadPoolExecutor(5) as pool:
        taken = sum(pool.map(attempt, batches))
    assert len(members(peer)) == 4 * taken <= 10
    assert taken >= 1


@pytest.mark.parametrize("spelled", ["recordsIdsAdded", "recordIdsAdded"])
def test_both_spellings_of_what_was_added_are_read(peer: HubSpotPeer, spelled: str) -> None:
    """HubSpot's description and its pages spell the ids that were added in two ways."""
    peer.account.spells = spelled
    people(peer, range(2))
    destination = opened(peer, VIP)
    assert outcomes(sent(destination, rows_of([person(0), person(1)]))) == ["ok", "ok"]
    assert outcomes(sent(destination, rows_of([person(0), person(1)]))) == ["noop", "noop"]
    if spelled == "recordIdsAdded":
        # As on HubSpot's pages, and not as its description and its client have it.
        peer.seen[:] = [seen for seen in peer.seen if not seen.path.endswith("/add-and-remove")]


# Which list


def test_a_list_that_is_there_is_taken_by_its_id(peer: HubSpotPeer) -> None:
    """A connection may name a list that people made, whatever it is called."""
    peer.account.lists["42"] = StaticList("Our best friends", "SNAPSHOT")
    [number] = people(peer, [1])
    destination = opened(peer, VIP, lists={"list_vip": "42"})
    assert outcomes(sent(destination, rows_of([person(1)]))) == ["ok"]
    assert members(peer, "42") == {number}
    assert list(peer.account.lists) == ["42"]


@pytest.mark.parametrize(
    ("there", "sentence"),
    [
        (StaticList("Onefolk: vip", "DYNAMIC"), "The list of list_vip is dynamic, so its filters say who is on it"),
        (StaticList("Onefolk: vip", kind="0-2"), "The list of list_vip is not one of contacts"),
        (None, "HubSpot has no list 1, which lists names"),
    ],
)
def test_a_list_that_can_t_be_written_is_refused(peer: HubSpotPeer, there: StaticList | None, sentence: str) -> None:
    """A dynamic list, one of other things, and one that isn't there are refused with a sentence."""
    peer.account.lists |= {"1": there} if there else {}
    destination = opened(peer, VIP, prepared=False, lists={"list_vip": "1"})
    for ask in (destination.preparations, destination.prepare, lambda: sent(destination, rows_of([person(1)]))):
        with pytest.raises(NotAllowedError, match=sentence):
            ask()
    assert {seen.method for seen in peer.seen} == {"GET"}


@pytest.mark.parametrize("tells_size", [True, False])
def test_a_list_never_becomes_too_large(peer: HubSpotPeer, tells_size: bool) -> None:
    """A list that would have more members than it may is refused before any of them is added; who leaves makes room."""
    peer.account.lists["1"] = StaticList("Onefolk: vip", tells_size=tells_size)
    ids = people(peer, range(8))
    destination = opened(peer, VIP, max_list_size=5)
    rows = rows_of([person(number) for number in range(8)])
    assert outcomes(sent(destination, rows[:4])) == ["ok"] * 4
    with pytest.raises(NotAllowedError, match="has 4 members, 2 more would come, and 5 may be on it"):
        sent(destination, rows[4:6])
    assert members(peer) == set(ids[:4])
    # What somebody else took off is seen.
    members(peer).difference_update(ids[:2])
    assert outcomes(sent(destination, rows[4:6])) == ["ok"] * 2
    sent(destination, rows_of([person(2), person(3)], REMOVE))
    looked = sum(seen.method == "GET" for seen in peer.seen)
    assert outcomes(sent(destination, rows[6:8])) == ["ok"] * 2
    # Who left made room, without a question.
    assert sum(seen.method == "GET" for seen in peer.seen) == looked
    assert members(peer) == set(ids[4:])


def test_the_limit_of_a_list_is_hubspot_s(peer: HubSpotPeer) -> None:
    """By itself a list stays within 100,000 members, from which on HubSpot can't empty it."""
    peer.account.lists["1"] = StaticList("Onefolk: vip", members={f"m{number}" for number in range(99_999)})
    people(peer, range(2))
    destination = opened(peer, VIP)
    with pytest.raises(NotAllowedError, match="99,999 members, 2 more would come, and 100,000 may be"):
        sent(destination, rows_of([person(0), person(1)]))
    assert outcomes(sent(destination, rows_of([person(0)]))) == ["ok"]


# Trouble


@pytest.mark.parametrize("trouble", ["hang", "cut", "html", "nothing"])
def test_a_lost_answer_is_asked_for_again(peer: HubSpotPeer, trouble: str) -> None:
    """Whatever became of a page whose answer was lost, the same page again has the effect of one."""
    ids = people(peer, range(2))
    rows = rows_of([person(0), person(1)], r1=ids[0], r2=ids[1])
    destination = opened(peer, VIP, timeout_seconds=0.5)
    peer.befall(trouble)
    with pytest.raises(UnsureError):
        sent(destination, rows)
    assert set(outcomes(sent(destination, rows))) == {"noop" if trouble in ("hang", "cut") else "ok"}
    assert members(peer) == set(ids)


def test_every_request_but_a_page_s_first_waits_its_turn(peer: HubSpotPeer) -> None:
    """Looking up, adding and whatever else a page needs is seen by the account's rate."""
    turns: list[int] = []
    people(peer, range(150))
    destination = opened(peer, replace(VIP, turn=lambda: turns.append(1)))
    assert len(turns) == len(peer.seen)
    before = len(turns)
    sent(destination, rows_of([person(number) for number in range(150)]))
    # Two look up, one adds.
    assert len(turns) - before == 2
    assert len(peer.calls("/batch/read") + peer.calls("/add-and-remove")) == 3


def test_the_catalogue_of_a_list_is_its_key(peer: HubSpotPeer) -> None:
    """A list knows the key and the record's own id."""
    found = opened(peer, VIP, prepared=False).catalogue()
    assert (dict(found.fields), found.is_open) == ({"email": "any", "hs_object_id": "any"}, False)
    row = Row(1, {"email": None}, Operation.ADD, {"email": None}, "t")
    assert "nobody knows who it is" in str(opened(peer, VIP, prepared=False).problems(row))


def test_hubspots_own_client_finds_who_is_on_it(peer: HubSpotPeer) -> None:
    """HubSpot's client, asked over the wire, finds the list and who we put on it."""
    ids = people(peer, range(1))
    sent(opened(peer, VIP), rows_of([person(0)]))
    lists = hubspot.Client.create(access_token=TOKEN).crm.lists
    by_name = lists.lists_api
    by_name.api_client.configuration.host = peer.url
    found = by_name.get_by_name(object_type_id="0-1", list_name="Onefolk: vip")
    assert (found.list.list_id, found.list.size, found.list.processing_type) == ("1", 1, "MANUAL")
    on_it = lists.memberships_api
    on_it.api_client.configuration.host = peer.url
    assert [one.record_id for one in on_it.get_page("1", limit=1).results] == ids


@pytest.mark.skipif(not SPECS.exists(), reason="needs HubSpot's descriptions in ../shared/specs")
def test_requests_are_as_hubspot_describes_them(peer: HubSpotPeer) -> None:
    """Every request and answer about a list, of 501 rows too, is as described."""
    people(peer, range(501))
    rows: list[Any] = rows_of([person(number) for number in range(501)])
    destination = opened(peer, VIP)
    assert set(outcomes(sent(destination, rows))) == {"ok"}
    sent(destination, rows_of([person(0), person(1)], REMOVE))
    # Twice by name, made; six look-ups and two pages; one more look-up and page.
    assert are_described(peer.seen) == 3 + 6 + 2 + 2
