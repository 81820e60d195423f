"""The engine with HubSpot: the account ends as the model is, whatever is killed, lost, limited or refused."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.activation import planning
from orchestration.activation.destinations.protocol import Target
from orchestration.activation.engine import is_follower, run_sync
from orchestration.activation.rehearsal import rehearse
from orchestration.activation.running import SyncRun
from orchestration.activation.syncs import kind_of
from orchestration.activation.validation import problems_of
from orchestration.settings import PROJECT_DIR, Settings
from tests.activation.conftest import Desk, people
from tests.activation.hubspot_bench import declared, hubspot_sync, judged, opened
from tests.activation.hubspot_peer import TOKEN, HubSpotPeer
from tests.activation.test_engine import reconciles
from tests.conftest import environment_of

FIELDS = {"email": "email", "city": "onefolk_city", "order_count": "onefolk_order_count"}
CONTACTS: dict[str, Any] = {"object": "contacts", "mode": "mirror", "fields": FIELDS}
VIP: dict[str, Any] = {"object": "list_vip", "mode": "audience", "fields": {"email": "email"}}


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubSpotPeer]:
    """An account whose every exchange is judged."""
    with judged(monkeypatch) as account:
        yield account


@pytest.fixture
def file_desk(make_settings: Callable[..., Settings], tmp_path: Path) -> Desk:
    """An empty project whose ledger is a file."""
    return Desk(make_settings("duckdb", tmp_path))


def connect(desk: Desk, peer: HubSpotPeer, **more: Any) -> None:
    """Declare the connection of the sync."""
    desk.settings.home.mkdir(parents=True, exist_ok=True)
    connection = declared(peer, rate={"requests": 10_000, "seconds": 1}, **more)
    desk.settings.connections_path.write_text(yaml.safe_dump({"connections": {"peer": connection}}))


def run(desk: Desk, **activation: Any) -> SyncRun:
    """Run the sync as the command line does."""
    return run_sync(desk.settings, hubspot_sync(**activation), now=lambda: desk.now, requires_green=False)


def held(peer: HubSpotPeer) -> dict[str, dict[str, str]]:
    """What of ours the account holds, by e-mail."""
    found = {}
    for record in peer.account.records["contacts"].values():
        ours = {name: value for name, value in record.items() if name.startswith("onefolk_")}
        if ours:
            found[record["email"]] = ours
    return found


def wanted(rows: list[tuple[str, str, str, int]]) -> dict[str, dict[str, str]]:
    """What it should hold of these people."""
    return {email: {"onefolk_city": city, "onefolk_order_count": str(count)} for _, email, city, count in rows}


def on_the_list(peer: HubSpotPeer) -> list[str]:
    """E-mails of who is on the list."""
    contacts = peer.account.records["contacts"]
    return sorted(contacts[number]["email"] for one in peer.account.lists.values() for number in one.members)


def test_the_account_ends_as_the_model_is(desk: Desk, peer: HubSpotPeer) -> None:
    """Rows come, change and leave by hundreds, bad ones are rejected alone, and what people typed stays."""
    connect(desk, peer)
    typed = peer.account.put("contacts", email="p7@shop.example", firstname="Ann")
    rows = people(350)
    desk.put([*rows, *[(f"bad{n}", f"no address {n}", "Berlin", n) for n in range(3)]])
    first = run(desk, **CONTACTS)
    assert (first.status, first.outcomes) == ("done", {"ok": 350, "rejected": 3})
    assert held(peer) == wanted(rows)
    rows = people(340, p3="Köln", p200="Łódź")
    desk.put(rows)
    second = run(desk, **CONTACTS)
    assert (second.outcomes, second.counts.removed, second.counts.changed) == ({"ok": 12}, 10, 2)
    assert held(peer) == wanted(rows)
    # Whom we emptied stays a contact, and nobody was looked up, since the ids were kept.
    assert len(peer.account.records["contacts"]) == 350
    assert not peer.calls("/batch/read")
    assert peer.account.records["contacts"][typed]["firstname"] == "Ann"
    seen = len(peer.seen)
    assert (run(desk, **CONTACTS).planned, len(peer.seen)) == (0, seen)
    reconciles(desk)


def test_a_list_ends_as_the_model_is(desk: Desk, peer: HubSpotPeer) -> None:
    """Who is no contact yet waits for it and is on the list once there is one; who leaves is off it."""
    connect(desk, peer)
    desk.put(people(150))
    for n in range(120):
        peer.account.put("contacts", email=f"p{n}@shop.example")
    first = run(desk, **VIP)
    assert (first.status, first.outcomes) == ("done", {"ok": 120, "rejected": 30})
    assert len(on_the_list(peer)) == 120
    for n in range(120, 150):
        peer.account.put("contacts", email=f"p{n}@shop.example")
    desk.put(people(140))
    desk.later(hours=2)
    run(desk, **VIP)
    desk.later(hours=2)
    run(desk, **VIP)
    assert on_the_list(peer) == sorted(email for _, email, _, _ in people(140))
    desk.put(people(100))
    third = run(desk, **VIP)
    assert (third.counts.removed, third.outcomes) == (40, {"ok": 40})
    assert on_the_list(peer) == sorted(email for _, email, _, _ in people(100))
    assert len(peer.account.records["contacts"]) == 150
    reconciles(desk)


def test_one_conflict_spoils_nobody_elses_row(file_desk: Desk, peer: HubSpotPeer) -> None:
    """A 409 of a hundred rows is halved down to the one whose e-mail is another's."""
    connect(file_desk, peer, allowed_properties=["email"])
    peer.account.put("contacts", email="p77@shop.example", firstname="Ann")
    fields = {"profile_id": "onefolk_profile_id", "email": "email", "city": "onefolk_city"}
    file_desk.put(people(100))
    done = run(file_desk, object="contacts", mode="mirror", key=["profile_id"], fields=fields)
    assert done.outcomes == {"ok": 99, "rejected": 1}
    assert len(peer.calls("/batch/upsert", 409)) <= 8
    assert file_desk.ledger("select row_key, code from sync_result where outcome = 'rejected'") == [("p77", "CONFLICT")]
    assert len(peer.account.records["contacts"]) == 100
    reconciles(file_desk)


def test_what_was_taken_and_never_answered_is_there_once(file_desk: Desk, peer: HubSpotPeer) -> None:
    """Answers that are lost after the commit, or don't tell of all, are asked for again; everybody is there once."""
    connect(file_desk, peer, concurrency=1)
    file_desk.put(people(150))
    assert run(file_desk, **CONTACTS).outcomes == {"ok": 150}
    peer.befall("cut", "short", 503)
    moved = people(150, **{f"p{n}": "Köln" for n in range(150)})
    file_desk.put(moved)
    assert run(file_desk, **CONTACTS).outcomes == {"ok": 150}
    assert held(peer) == wanted(moved)
    assert len(peer.account.records["contacts"]) == 150
    # Two batches at first, and later the first of two four times.
    assert [call.rows for call in peer.calls("/batch/upsert")] == [100, 50, 100, 100, 100, 100, 50]
    reconciles(file_desk)


# The steps of the engine, and each single request.
_KILLED = """
from orchestration.activation.destinations.hubspot_api import HubSpotApi
from orchestration.activation.destinations.hubspot_lists import ListMembers
from orchestration.activation.destinations.hubspot_records import Records
from tests.activation import killed_run
from tests.activation.hubspot_bench import hubspot_sync
killed_run.CALLS |= {
    "contacts": (Records, "send"), "list": (ListMembers, "send"), "ask": (HubSpotApi, "_asked"),
}
killed_run.sync_of = hubspot_sync
killed_run.main()
"""


def child(desk: Desk, step: str, number: int, activation: dict[str, Any]) -> subprocess.Popen[str]:
    """Run it in a process of its own, which kills itself at a step."""
    command = [sys.executable, "-c", _KILLED, step, str(number), json.dumps(activation)]
    environment = environment_of(desk.settings) | {"HUBSPOT_TOKEN": TOKEN}
    return subprocess.Popen(
        command, cwd=PROJECT_DIR, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def killed(desk: Desk, step: str, number: int, activation: dict[str, Any]) -> None:
    """A run that is killed there."""
    with child(desk, step, number, activation) as process:
        told = process.communicate(timeout=60)
    assert process.returncode == -9, told
    assert TOKEN not in "".join(told)


@pytest.mark.parametrize(
    ("step", "number"),
    [
        ("before claim", 2), ("after claim", 2), ("before contacts", 2), ("after contacts", 2), ("before record", 2),
        ("after record", 2), ("after ask", 4),
    ],
)  # fmt: skip
def test_contacts_survive_a_kill(file_desk: Desk, peer: HubSpotPeer, step: str, number: int) -> None:
    """Killed while it prepares, claims, sends or records, the next run loses nobody and repeats one batch at most."""
    connect(file_desk, peer, concurrency=1)
    rows = people(299)
    file_desk.put([*rows, ("bad", "no address", "Berlin", 1)])
    killed(file_desk, step, number, CONTACTS)
    run(file_desk, **CONTACTS)
    assert held(peer) == wanted(rows)
    assert file_desk.ledger("select outcome, count(*) from sync_result group by outcome order by outcome") == [
        ("ok", 299),
        ("rejected", 1),
    ]
    assert 300 <= sum(call.rows for call in peer.calls("/batch/upsert")) <= 400
    reconciles(file_desk)


def test_companies_survive_a_kill(file_desk: Desk, peer: HubSpotPeer) -> None:
    """Companies by a key of our own end as the model is, too, and one that people made stays as it is."""
    connect(file_desk, peer, concurrency=1)
    typed = peer.account.put("companies", name="Shop", domain="shop.example")
    fields = {"email": "onefolk_company_id", "city": "onefolk_city"}
    companies = {"object": "companies", "mode": "mirror", "fields": fields}
    rows = people(250)
    file_desk.put(rows)
    killed(file_desk, "after contacts", 2, companies)
    run(file_desk, **companies)
    file_desk.put(rows[:200])
    run(file_desk, **companies)
    cities = {email: "Berlin" for _, email, _, _ in rows[:200]} | {email: None for _, email, _, _ in rows[200:]}
    found = dict(peer.account.records["companies"])
    assert found.pop(typed) == {"name": "Shop", "domain": "shop.example"}
    assert {one["onefolk_company_id"]: one.get("onefolk_city") for one in found.values()} == cities
    assert len(found) == 250
    reconciles(file_desk)


def test_removals_survive_a_kill(file_desk: Desk, peer: HubSpotPeer) -> None:
    """Killed after somebody was emptied or taken off and before it was recorded, the next run ends it."""
    connect(file_desk, peer, concurrency=1)
    rows = people(250)
    file_desk.put(rows)
    run(file_desk, **CONTACTS)
    run(file_desk, **VIP)
    file_desk.put(rows[:200])
    killed(file_desk, "after contacts", 1, CONTACTS)
    killed(file_desk, "after list", 1, VIP)
    run(file_desk, **CONTACTS)
    run(file_desk, **VIP)
    assert held(peer) == wanted(rows[:200])
    assert on_the_list(peer) == sorted(email for _, email, _, _ in rows[:200])
    reconciles(file_desk)


@pytest.mark.parametrize(
    ("step", "number"),
    [
        ("after claim", 1), ("before list", 1), ("after list", 1), ("before record", 1),
        ("after ask", 2), ("after ask", 7),
    ],
)  # fmt: skip
def test_lists_survive_a_kill(file_desk: Desk, peer: HubSpotPeer, step: str, number: int) -> None:
    """Killed after the list was made, between a look-up and the addition, or before it was recorded, nobody is lost."""
    connect(file_desk, peer, concurrency=1)
    for n in range(250):
        peer.account.put("contacts", email=f"p{n}@shop.example")
    file_desk.put(people(250))
    killed(file_desk, step, number, VIP)
    run(file_desk, **VIP)
    assert on_the_list(peer) == sorted(f"p{n}@shop.example" for n in range(250))
    assert len(peer.account.lists) == 1
    told = file_desk.ledger(
        "select sum(case when outcome in ('ok', 'noop') then 1 else 0 end), count(*) from sync_result"
    )
    assert told == [(250, 250)]
    reconciles(file_desk)


def test_two_syncs_share_the_rate_of_the_account(file_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two syncs at once, with look-ups and preparations, stay within the account's limit together."""
    with judged(monkeypatch, limit=(12, 1.0)) as peer:
        for n in range(700):
            peer.account.put("contacts", email=f"p{n}@shop.example")
        connect(file_desk, peer, concurrency=4)
        connection = declared(peer, rate={"requests": 10, "seconds": 1.1}, concurrency=4)
        file_desk.settings.connections_path.write_text(yaml.safe_dump({"connections": {"peer": connection}}))
        file_desk.put(people(700))
        started = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda activation: run(file_desk, **activation), (CONTACTS, VIP)))
        assert [one.outcomes for one in runs] == [{"ok": 700}] * 2
        assert not [seen for seen in peer.seen if seen.status == 429]
        # Some twenty-five requests, ten in 1.1 seconds.
        assert len(peer.seen) > 22
        assert time.monotonic() - started > 2
        assert held(peer) == wanted(people(700))
        assert len(on_the_list(peer)) == 700


def test_a_day_that_is_used_up_defers_and_loses_nothing(file_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the day's share is used the run stops with a sentence, and the next day's goes on."""
    with judged(monkeypatch, daily=1_008) as peer:
        connect(file_desk, peer, concurrency=1)
        file_desk.put(people(500))
        first = run(file_desk, **CONTACTS)
        assert first.status == "stopped"
        assert "999 requests of the day left, and 1,000 are kept for others" in (first.message or "")
        # Six requests prepare, and three more are answered with 1,001, 1,000 and 999 left.
        assert first.outcomes == {"ok": 300, "deferred": 200}
        peer.daily = 250_000
        assert run(file_desk, **CONTACTS).outcomes == {"ok": 200}
        assert held(peer) == wanted(people(500))
        reconciles(file_desk)


def test_what_can_t_be_written_is_found_by_validate(file_desk: Desk, peer: HubSpotPeer) -> None:
    """Before a run, a field of others and a column of another type are told; what will be made is no problem."""
    connect(file_desk, peer)
    assert problems_of(file_desk.settings, hubspot_sync(**CONTACTS)) == []
    foreign = hubspot_sync(object="contacts", fields={"email": "email", "city": "firstname"})
    [told] = problems_of(file_desk.settings, foreign)
    assert "firstname of contacts would overwrite what people type: send them as onefolk_firstname" in told
    run(file_desk, **CONTACTS)
    file_desk.put(people(1))
    run(file_desk, **CONTACTS)
    other = hubspot_sync(object="contacts", fields={"email": "email", "city": "onefolk_order_count"})
    assert problems_of(file_desk.settings, other) == [
        "Sync peer_contacts: field onefolk_order_count of contacts is number, and its column is text."
    ]
    assert peer.account.records["contacts"]
    assert {seen.status for seen in peer.seen} <= {200, 201, 404}


def test_a_plan_tells_what_will_be_made(file_desk: Desk, peer: HubSpotPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal shows the properties that a run would make, and makes none."""
    monkeypatch.setattr(planning, "require_green", lambda *_: None)
    connect(file_desk, peer)
    file_desk.put(people(250))
    plan = rehearse(file_desk.settings, hubspot_sync(**CONTACTS))
    assert (plan.calls, list(plan.preparations)) == (
        3,
        [
            "create the group of properties onefolk of contacts",
            "create the property onefolk_city (text) of contacts",
            "create the property onefolk_order_count (number) of contacts",
        ],
    )
    assert {seen.method for seen in peer.seen} == {"GET"}


def test_the_token_is_nowhere(file_desk: Desk, peer: HubSpotPeer, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the ledger nor what is logged, at any level, nor a run's message holds the token."""
    caplog.set_level("DEBUG")
    connect(file_desk, peer, concurrency=1)
    file_desk.put([*people(20), ("bad", "no address", "Berlin", 1)])
    first = run(file_desk, **CONTACTS)
    peer.befall(403)
    file_desk.put(people(21))
    second = run(file_desk, **CONTACTS)
    assert (first.status, second.status) == ("done", "stopped")
    assert "crm.objects.contacts.write" in (second.message or "")
    files = [path for path in file_desk.settings.home.rglob("*") if path.is_file()]
    assert any(path.name.startswith("ledger") for path in files)
    assert not [path for path in files if TOKEN.encode() in path.read_bytes()]
    assert TOKEN not in caplog.text
    assert TOKEN not in str(second)


def test_the_syncs_that_come_with_the_project_can_be_written(peer: HubSpotPeer) -> None:
    """Every sync of the project into HubSpot is one that it takes, and only properties of our own are made for it."""
    room = PROJECT_DIR / "models" / "activation"
    exposures = yaml.safe_load((room / "_activation__exposures.yml").read_text(encoding="utf-8"))["exposures"]
    models = yaml.safe_load((room / "_activation__models.yml").read_text(encoding="utf-8"))["models"]
    columns = {one["name"]: {each["name"]: each["data_type"] for each in one.get("columns", ())} for one in models}
    opened_for = []
    for exposure in exposures:
        meta = exposure["config"]["meta"]["activation"]
        if meta["connection"] == "hubspot":
            known = columns[f"sync_hubspot__{meta['object']}"]
            fields = meta.get("fields") or {name: name for name in known if name != "profile_id"}
            kinds = {field: kind_of(known[name]) for name, field in fields.items()}
            key = tuple(fields[name] for name in meta["key"])
            opened(peer, Target(meta["object"], meta["mode"], key, kinds)).close()
            opened_for.append(meta["object"])
    assert sorted(opened_for) == ["contacts", "list_repeat_buyers"]
    assert [one.name for one in peer.account.lists.values()] == ["Onefolk: repeat_buyers"]
    made = [seen.body["name"] for seen in peer.seen if seen.method == "POST" and seen.path.endswith("/contacts")]
    assert made
    assert all(name.startswith("onefolk_") for name in made)


def test_lists_come_after_the_people_on_them(desk: Desk) -> None:
    """A list of HubSpot follows its contacts; what has no order, or no connection that can be used, follows nothing."""
    connections = {"crm": {"type": "hubspot", "token_env": "T"}, "peer": {"type": "tests.activation.peer"}}
    desk.settings.home.mkdir(parents=True, exist_ok=True)
    desk.settings.connections_path.write_text(yaml.safe_dump({"connections": connections}))
    found = {
        (name, thing): is_follower(desk.settings, replace(desk.sync(), connection=name, object=thing))
        for name in ("crm", "peer", "nowhere")
        for thing in ("contacts", "list_vip")
    }
    assert [one for one, follows in found.items() if follows] == [("crm", "list_vip")]
