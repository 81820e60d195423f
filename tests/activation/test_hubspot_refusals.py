"""What HubSpot refuses, what it limits, and what is refused before it is asked: each is told in a sentence."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from orchestration.activation.conformance_bench import is_silent
from orchestration.activation.connections import WrongConnectionError
from orchestration.activation.destinations.protocol import (
    Destination,
    NotAllowedError,
    Operation,
    SendError,
    Target,
    TryLaterError,
    UnsureError,
)
from tests.activation.hubspot_bench import (
    CONTACTS,
    good_row,
    judged,
    opened,
    rows_of,
    sent,
)
from tests.activation.hubspot_peer import TOKEN, HubSpotPeer


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubSpotPeer]:
    """An account whose every exchange is judged."""
    with judged(monkeypatch) as account:
        yield account


def told_by(peer: HubSpotPeer, *troubles: str | int, destination: Destination | None = None) -> SendError:
    """The error of a batch that meets with trouble."""
    destination = destination or opened(peer)
    peer.befall(*troubles)
    with pytest.raises(SendError) as caught:
        sent(destination, rows_of([good_row(1)]))
    assert is_silent(caught.value, TOKEN, "person-1@", "note of 1")
    return caught.value


def test_refusals_say_what_they_are(peer: HubSpotPeer) -> None:
    """Each refusal becomes the error that the engine acts upon, with a sentence, and without secrets and values."""
    busy = told_by(peer, 429)
    assert (type(busy), busy.after) == (TryLaterError, 1.0)  # type: ignore[attr-defined]
    assert type(told_by(peer, 502)) is TryLaterError
    locked = told_by(peer, 423)
    assert (type(locked), locked.after) == (TryLaterError, 2.0)  # type: ignore[attr-defined]
    moving = told_by(peer, 477)
    assert (type(moving), moving.after) == (TryLaterError, 86_400.0)  # type: ignore[attr-defined]
    scope = told_by(peer, 403)
    assert (type(scope), "crm.objects.contacts.write" in str(scope)) == (NotAllowedError, True)
    assert type(told_by(peer, "hang", destination=opened(peer, timeout_seconds=0.3))) is UnsureError


def test_a_property_that_went_stops_the_sync(peer: HubSpotPeer) -> None:
    """Where somebody deleted a property meanwhile no row is to blame."""
    destination = opened(peer)
    del peer.account.properties["contacts"]["onefolk_note"]
    error = told_by(peer, destination=destination)
    assert (type(error), "somebody deleted it" in str(error)) == (NotAllowedError, True)


def test_a_wrong_token_stops_the_sync(peer: HubSpotPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """HubSpot's 401 says to look at the secret."""
    monkeypatch.setenv("HUBSPOT_TOKEN", "pat-eu1-another")
    with pytest.raises(NotAllowedError, match="check the secret of the connection"):
        opened(peer)


def test_the_day_s_requests_are_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once fewer requests of the day are left than are kept for others, nothing more is asked."""
    with judged(monkeypatch, daily=30) as peer:
        destination = opened(peer, daily_reserve=15)
        seen = len(peer.seen)
        while peer.daily and peer.daily > 14:
            sent(destination, rows_of([good_row(1)]))
        taken = len(peer.seen)
        assert taken > seen
        with pytest.raises(TryLaterError, match="14 requests of the day left, and 15 are kept for others") as caught:
            sent(destination, rows_of([good_row(1)]))
        assert caught.value.after == 86_400.0
        assert (peer.daily, len(peer.seen)) == (14, taken)


def test_a_day_that_is_used_up_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """HubSpot's daily 429 asks to wait longer than any run may, and one of ten seconds only as long as it says."""
    with judged(monkeypatch, daily=12) as peer:
        destination = opened(peer, daily_reserve=0)
        peer.daily = 0
        error = told_by(peer, destination=destination)
        assert (type(error), error.after, error.status_code) == (TryLaterError, 86_400.0, 429)  # type: ignore[attr-defined]
    with judged(monkeypatch, limit=(1, 30.0)) as peer:
        opened(peer, prepared=False).catalogue()
        busy = told_by(peer, destination=opened(peer, prepared=False))
        assert isinstance(busy, TryLaterError)
        assert 20 < (busy.after or 0) <= 30


def test_every_request_but_a_batch_s_first_waits_its_turn(peer: HubSpotPeer) -> None:
    """Whatever a batch or a preparation asks, the account's rate sees it."""
    turns: list[int] = []
    target = replace(CONTACTS, turn=lambda: turns.append(len(peer.seen)))
    destination = opened(peer, target)
    assert len(turns) == len(peer.seen)
    before = len(peer.seen)
    turns.clear()
    sent(destination, rows_of([good_row(1)]))
    assert not turns
    sent(destination, rows_of([good_row(1)], Operation.REMOVE))
    assert (len(turns), len(peer.seen) - before) == (1, 3)


# How it is declared


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (Target("deals", key=("email",)), "knows no object deals here: say contacts, companies or list_<name>"),
        (Target("contacts", "append", ("email",)), "contacts of HubSpot can't be brought by mode append: say one of"),
        (Target("list_vip", "delete", ("email",)), "list_vip of HubSpot can't be brought by mode delete"),
        (Target("contacts", key=("email", "onefolk_shop")), "must be one property with unique values, and not 2"),
        (Target("companies", key=("domain",)), "lets companies share a domain.* take onefolk_company_id"),
        (Target("contacts", key=("hs_object_id",)), "Records can't be made by hs_object_id"),
        (Target("contacts", key=("email",), kinds={"email": "text", "onefolk_Ü": "text"}), "can be called onefolk_Ü"),
        (Target("contacts", key=("onefolk_on",), kinds={"onefolk_on": "date"}), "onefolk_on is a date"),
        (Target("list_vip", key=("email",), kinds={"email": "text", "city": "text"}), "list_vip can't be sent city"),
    ],
)  # fmt: skip
def test_what_can_t_be_written_is_refused_at_once(peer: HubSpotPeer, target: Target, sentence: str) -> None:
    """A target that HubSpot can't hold is refused with a sentence that says what to change."""
    with pytest.raises(WrongConnectionError, match=sentence):
        opened(peer, target)
    assert not peer.seen


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"token_env": None}, "token_env"), ({"prefix": "hs_"}, "prefix must be"), ({"prefix": ""}, "prefix must be"),
        ({"url": "http://crm.example"}, "url must begin with https"), ({"lists": {"vip": "7"}}, "lists must be ids"),
        ({"url": "https://api.hubapi.com/crm"}, "url must have no path"), ({"nulls": "drop"}, "nulls"),
    ],
)  # fmt: skip
def test_a_wrong_connection_is_told(peer: HubSpotPeer, declared: dict[str, Any], sentence: str) -> None:
    """What is declared wrongly is told with what is allowed."""
    with pytest.raises(WrongConnectionError, match=sentence):
        opened(peer, **declared)
