"""The engine with Klaviyo: the account ends as the model is, whatever is killed, lost, limited or refused."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.activation import planning
from orchestration.activation.engine import run_sync
from orchestration.activation.rehearsal import rehearse
from orchestration.activation.running import SyncRun
from orchestration.activation.validation import problems_of
from orchestration.settings import Settings
from tests.activation.conftest import Desk, people
from tests.activation.klaviyo_account import UNSUBSCRIBED
from tests.activation.klaviyo_bench import declared, judged, klaviyo_sync, members_of
from tests.activation.klaviyo_peer import KEY, KlaviyoPeer
from tests.activation.test_engine import reconciles

PROFILES: dict[str, Any] = {"object": "profiles", "mode": "mirror"}
VIP: dict[str, Any] = {"object": "list_vip", "mode": "audience", "fields": {"email": "email"}}
SUPPRESSIONS: dict[str, Any] = {"object": "suppressions", "mode": "audience", "fields": {"email": "email"}}
EVENTS: dict[str, Any] = {
    "object": "event_cart_abandoned",
    "mode": "append",
    "fields": {"email": "email", "city": "city", "order_count": "value"},
}


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[KlaviyoPeer]:
    """An account whose every exchange is judged."""
    with judged(monkeypatch) as account:
        yield account


@pytest.fixture
def file_desk(make_settings: Callable[..., Settings], tmp_path: Path) -> Desk:
    """An empty project whose ledger is a file."""
    return Desk(make_settings("duckdb", tmp_path))


def connect(desk: Desk, peer: KlaviyoPeer, **more: Any) -> None:
    """Declare the connection of the sync."""
    desk.settings.home.mkdir(parents=True, exist_ok=True)
    told = {"connections": {"peer": declared(peer, **more)}}
    desk.settings.connections_path.write_text(yaml.safe_dump(told))


def run(desk: Desk, **activation: Any) -> SyncRun:
    """Run the sync as the command line does."""
    return run_sync(desk.settings, klaviyo_sync(**activation), now=lambda: desk.now, requires_green=False)


def held(peer: KlaviyoPeer) -> dict[str, dict[str, Any]]:
    """What of ours the account holds, by e-mail."""
    return {one.attributes["email"]: one.properties for one in peer.account.profiles.values() if one.properties}


def wanted(rows: list[tuple[str, str, str, int]]) -> dict[str, dict[str, Any]]:
    """What it should hold of these people."""
    return {email: {"city": city, "order_count": count} for _, email, city, count in rows}


def uploads(peer: KlaviyoPeer) -> int:
    """How many profiles were uploaded."""
    return sum(len(seen.profiles) for seen in peer.calls("/profile-bulk-import-jobs", method="POST"))


def test_the_account_ends_as_the_model_is(desk: Desk, peer: KlaviyoPeer) -> None:
    """Rows come, change and leave, bad ones are told alone, what people typed stays, and the unsubscribed stay so."""
    connect(desk, peer)
    typed = peer.account.put(email="p7@shop.example", first_name="Ann")
    typed.email = dict(UNSUBSCRIBED)
    rows = people(350)
    desk.put([*rows, *[(f"bad{n}", f"no address {n}", "Berlin", n) for n in range(3)]])
    first = run(desk, **PROFILES)
    assert (first.status, first.outcomes) == ("done", {"invalid": 3, "ok": 350})
    assert held(peer) == wanted(rows)
    rows = people(340, p3="Köln", p200="Łódź")
    desk.put(rows)
    second = run(desk, **PROFILES)
    assert (second.outcomes, second.counts.removed, second.counts.changed) == ({"ok": 12}, 10, 2)
    assert held(peer) == wanted(rows)
    assert len(peer.account.profiles) == 350
    assert (typed.attributes["first_name"], typed.email) == ("Ann", UNSUBSCRIBED)
    seen = len(peer.seen)
    assert (run(desk, **PROFILES).planned, len(peer.seen)) == (0, seen)
    reconciles(desk)


def test_a_list_ends_as_the_model_is(desk: Desk, peer: KlaviyoPeer) -> None:
    """Who comes is on the list, who leaves is off it, and nobody's profile goes."""
    connect(desk, peer)
    desk.put(people(150))
    assert run(desk, **VIP).outcomes == {"ok": 150}
    desk.put(people(110))
    second = run(desk, **VIP)
    assert (second.counts.removed, second.outcomes) == (40, {"ok": 40})
    assert {one["email"] for one in members_of(peer.account)} == {email for _, email, _, _ in people(110)}
    assert len(peer.account.profiles) == 150
    assert run(desk, **VIP).planned == 0
    reconciles(desk)


def test_suppressions_stay_when_a_permission_comes_back(desk: Desk, peer: KlaviyoPeer) -> None:
    """Who must get nothing is suppressed by hundreds; who leaves stays so, and is told of as such."""
    connect(desk, peer)
    desk.put(people(250))
    assert run(desk, **SUPPRESSIONS).outcomes == {"ok": 250}
    assert len(peer.calls("/profile-suppression-bulk-create-jobs")) == 3
    desk.put(people(240))
    second = run(desk, **SUPPRESSIONS)
    assert second.outcomes == {"noop": 10}
    told = desk.ledger(f"select distinct code from sync_result where run_id = '{second.run_id}'")
    assert told == [("stays_suppressed",)]
    assert {one.email["can_receive_email_marketing"] for one in peer.account.profiles.values()} == {False}
    reconciles(desk)


def test_events_are_recorded_once_each(file_desk: Desk, peer: KlaviyoPeer) -> None:
    """Every row is one event, whose answer may be lost, and no later run sends it again."""
    connect(file_desk, peer, timeout_seconds=0.4, concurrency=4)
    peer.befall("hang", 503, "html")
    file_desk.put(people(60))
    assert run(file_desk, **EVENTS).outcomes == {"ok": 60}
    assert sorted(one["value"] for one in peer.account.events.values()) == list(range(60))
    assert max(peer.account.event_arrivals.values()) > 1
    file_desk.put(people(61))
    assert run(file_desk, **EVENTS).outcomes == {"ok": 1}
    assert len(peer.account.events) == 61
    reconciles(file_desk)


def test_rows_that_klaviyo_fails_are_found_and_tried_again(file_desk: Desk, peer: KlaviyoPeer) -> None:
    """A row that spoils a request and isn't named is found by halves; an error of a job finds its row at once."""
    connect(file_desk, peer)
    fields = {"email": "email", "city": "first_name"}
    file_desk.put(people(64, p10="SPOILT", p20="UNFIT", p30="REFUSED"))
    assert run(file_desk, **PROFILES, fields=fields).outcomes == {"ok": 61, "rejected": 3}
    keys = file_desk.ledger("select row_key from sync_result where outcome = 'rejected' order by row_key")
    assert keys == [("p10@shop.example",), ("p20@shop.example",), ("p30@shop.example",)]
    assert len(peer.account.profiles) == 61
    file_desk.put(people(64))
    assert run(file_desk, **PROFILES, fields=fields).outcomes == {"ok": 3}
    assert len(peer.account.profiles) == 64
    reconciles(file_desk)


def test_what_was_taken_and_never_answered_is_there_once(file_desk: Desk, peer: KlaviyoPeer) -> None:
    """An upload that times out after it was taken is uploaded again, and the account ends the same."""
    connect(file_desk, peer, timeout_seconds=0.4)
    peer.befall("hang", "html")
    file_desk.put(people(150))
    assert run(file_desk, **PROFILES).outcomes == {"ok": 150}
    assert held(peer) == wanted(people(150))
    assert uploads(peer) == 450
    reconciles(file_desk)


def test_people_are_deleted_as_a_model_says(file_desk: Desk, peer: KlaviyoPeer) -> None:
    """Who a model wants deleted is asked to be, once; who isn't there is no error, and a bad address is invalid."""
    connect(file_desk, peer)
    for n in range(3):
        peer.account.put(email=f"p{n}@shop.example")
    file_desk.put([*people(4), ("bad", "no address", "Berlin", 1)])
    deletion = {"object": "profiles", "mode": "delete", "fields": {"email": "email"}}
    assert run(file_desk, **deletion).outcomes == {"invalid": 1, "ok": 4}
    assert not peer.account.profiles
    assert len(peer.account.deletions) == 4
    assert run(file_desk, **deletion).planned == 0
    reconciles(file_desk)


def test_slow_jobs_are_left_to_the_next_run(file_desk: Desk, peer: KlaviyoPeer) -> None:
    """A run that a job outlasts leaves it to the next, which asks after it, and uploads nothing again."""
    connect(file_desk, peer, patience_minutes=0.02)
    peer.account.polls = 10_000
    file_desk.put(people(50))
    assert run(file_desk, **PROFILES).status == "waiting"
    for job in peer.account.jobs.values():
        job.polls_left = 0
    assert run(file_desk, **PROFILES).outcomes == {"ok": 50}
    assert uploads(peer) == 50


def test_a_limit_that_is_told_is_kept_by_two_syncs(file_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 429 says how long to wait, to all syncs of the connection; nothing is lost, and nothing counts twice."""
    with judged(monkeypatch, limit=(12, 1.0)) as peer:
        connect(file_desk, peer, concurrency=4)
        file_desk.put(people(30))
        started = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda one: run(file_desk, **one), [EVENTS, EVENTS | {"object": "event_sale"}]))
        assert [one.outcomes for one in runs] == [{"ok": 30}] * 2
        assert time.monotonic() - started > 3
        assert len(peer.account.events) == 60
        assert 0 < len(peer.calls("/events", 429)) < 120


def test_a_wrong_key_stops_and_loses_nothing(
    file_desk: Desk, peer: KlaviyoPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is not the account's stops the sync, blames no row, and is found nowhere; later all arrive."""
    connect(file_desk, peer)
    file_desk.put(people(5))
    monkeypatch.setenv("KLAVIYO_KEY", "pk_wrong_d00d")
    stopped = run(file_desk, **PROFILES)
    assert (stopped.status, stopped.outcomes) == ("stopped", {"deferred": 5})
    assert "the private key needs the scopes" in (stopped.message or "")
    monkeypatch.setenv("KLAVIYO_KEY", KEY)
    assert run(file_desk, **PROFILES).outcomes == {"ok": 5}


def test_a_plan_shows_what_would_be_made_and_sends_nothing(
    file_desk: Desk, peer: KlaviyoPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rehearsal tells of the list that is missing, and asks only what there is."""
    connect(file_desk, peer)
    file_desk.put(people(3))
    monkeypatch.setattr(planning, "require_green", lambda *_: None)
    plan = rehearse(file_desk.settings, klaviyo_sync(**VIP))
    assert (plan.calls, list(plan.preparations)) == (1, ["create the list 'Onefolk: vip'"])
    assert {seen.method for seen in peer.seen} == {"GET"}
    assert not problems_of(file_desk.settings, klaviyo_sync(**VIP))
