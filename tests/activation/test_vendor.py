"""The engine against a vendor that behaves as vendors do, on both ledgers: one outcome a row, and nothing is lost."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.activation.destinations.protocol import (
    Accepted,
    Answer,
    Answered,
    Batch,
    BatchRefusedError,
    DeliveryClass,
    NotAllowedError,
    RowAnswer,
    UnsureError,
)
from orchestration.activation.engine import run_sync
from orchestration.activation.ledger import open_ledger
from orchestration.activation.running import SyncRun
from orchestration.settings import PROJECT_DIR, Settings
from tests.activation.conftest import Desk, people
from tests.activation.peer import Peer
from tests.activation.test_engine import reconciles
from tests.activation.vendor import TOKEN, Vendor
from tests.conftest import environment_of

Run = Callable[..., SyncRun]


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """An account without a limit, whose jobs are done at the second question."""
    monkeypatch.setenv("VENDOR_TOKEN", TOKEN)
    with Vendor() as account:
        yield account


def connect(desk: Desk, vendor: Vendor, **declared: Any) -> None:
    """Declare the connection of the sync."""
    connection = {
        "type": "tests.activation.vendor_destination",
        "url": vendor.url,
        "token_env": "VENDOR_TOKEN",
        "allowed_private_hosts": ["127.0.0.1"],
        "timeout_seconds": 5,
    }
    desk.settings.home.mkdir(parents=True, exist_ok=True)
    told = {"connections": {"peer": connection | declared}}
    desk.settings.connections_path.write_text(yaml.safe_dump(told))


def run(desk: Desk, **activation: Any) -> SyncRun:
    """Run the sync as the command line does."""
    return run_sync(desk.settings, desk.sync(**activation), now=lambda: desk.now, requires_green=False)


# The step at which a job is known to the vendor, and not yet, or just now, to the ledger.
_KILLED = """
from orchestration.activation.ledger.batches import Batches
from tests.activation import killed_run
killed_run.CALLS["accept"] = (Batches, "accept")
killed_run.main()
"""


def child(desk: Desk, step: str = "none", number: int = 1, **activation: Any) -> subprocess.Popen[str]:
    """Run it in a process of its own, which kills itself at a step."""
    command = [sys.executable, "-c", _KILLED, step, str(number), json.dumps(activation)]
    environment = environment_of(desk.settings) | {"VENDOR_TOKEN": TOKEN}
    return subprocess.Popen(
        command, cwd=PROJECT_DIR, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def wanted(rows: list[tuple[str, str, str, int]]) -> dict[str, dict[str, Any]]:
    """What the vendor should hold of these people."""
    return {email: {"email": email, "city": city, "order_count": count} for _, email, city, count in rows}


def outcomes_of(desk: Desk) -> list[tuple[Any, ...]]:
    """Outcomes and how many rows have them, over every run."""
    return sorted(desk.ledger("select outcome, count(*) from sync_result group by outcome"))


@pytest.mark.parametrize("style", ["batch", "jobs"])
def test_the_vendor_ends_as_the_model_is(desk: Desk, vendor: Vendor, style: str) -> None:
    """Rows are added, changed and removed by hundreds, bad ones are rejected alone, and the two sides agree."""
    connect(desk, vendor, style=style)
    rows = people(350)
    bad = [(f"bad{n}", f"no address {n}", "Berlin", n) for n in range(3)]
    desk.put([*rows, *bad])
    first = run(desk)
    assert (first.status, first.outcomes) == ("done", {"ok": 350, "rejected": 3})
    assert vendor.account.people == wanted(rows)
    assert vendor.uploads() == 353
    assert {seen.rows for seen in vendor.seen if seen.method == "POST"} <= set(range(101))
    rows = people(340, p3="Köln", p200="Łódź")
    desk.put(rows)
    second = run(desk)
    assert (second.outcomes, second.counts.removed, second.counts.changed) == ({"ok": 12}, 10, 2)
    assert vendor.account.people == wanted(rows)
    seen = len(vendor.seen)
    assert (run(desk).planned, len(vendor.seen)) == (0, seen)
    reconciles(desk)


def test_one_conflict_spoils_nobody_elses_row(desk: Desk, vendor: Vendor) -> None:
    """A vendor that refuses a hundred rows over one gets them by halves, until that one is known."""
    connect(desk, vendor)
    vendor.account.people["somebody"] = {"email": "p77@shop.example"}
    desk.put(people(100))
    assert run(desk).outcomes == {"ok": 99, "rejected": 1}
    assert len(vendor.account.people) == 100
    assert vendor.count(409) <= 8
    assert desk.ledger("select row_key, code from sync_result where outcome = 'rejected'") == [
        ("p77@shop.example", "409")
    ]
    reconciles(desk)


@pytest.mark.parametrize("style", ["batch", "events"])
def test_what_was_taken_and_never_answered_is_there_once(desk: Desk, vendor: Vendor, style: str) -> None:
    """A vendor that times out after it committed gets the same again, under the same keys, and holds it once."""
    connect(desk, vendor, style=style, timeout_seconds=0.4)
    vendor.befall("hang", "cut")
    desk.put(people(150))
    mode = "append" if style == "events" else "upsert"
    assert run(desk, mode=mode).outcomes == {"ok": 150}
    held = vendor.account.events if style == "events" else vendor.account.people
    assert sorted(person["email"] for person in held.values()) == sorted(wanted(people(150)))
    assert vendor.uploads() > 150
    if style == "events":
        assert max(vendor.account.event_arrivals.values()) > 1
    reconciles(desk)


def test_an_answer_that_is_none_is_asked_for_again(desk: Desk, vendor: Vendor) -> None:
    """HTML and an error inside a success are no outcome: the rows are sent again, and are there."""
    connect(desk, vendor)
    vendor.befall("html", "inner error")
    desk.put(people(20))
    assert run(desk).outcomes == {"ok": 20}
    assert vendor.account.people == wanted(people(20))


@pytest.mark.parametrize(
    ("step", "number"), [("before accept", 2), ("after accept", 2), ("before record", 1), ("after record", 1)]
)
def test_jobs_survive_a_kill(desk: Desk, vendor: Vendor, step: str, number: int) -> None:
    """Killed while jobs work, the next process asks after them, and uploads nothing that has a job."""
    connect(desk, vendor, style="jobs", concurrency=1)
    desk.put([*people(299), ("bad", "no address", "Berlin", 1)])
    killed = child(desk, f"{step}", number)
    assert killed.wait(60) == -9, killed.communicate()[1]
    before = vendor.uploads()
    lost = 100 if step == "before accept" else 0
    with child(desk) as second:
        assert second.wait(60) == 0, second.communicate()[1]
    assert vendor.account.people == wanted(people(299))
    assert outcomes_of(desk) == [("ok", 299), ("rejected", 1)]
    # Only the batch whose job was not known yet is uploaded again, and what was not sent at all.
    assert vendor.uploads() == 300 + lost
    assert before < vendor.uploads() or not lost
    reconciles(desk)


def test_slow_jobs_are_left_to_the_next_run(desk: Desk, vendor: Vendor) -> None:
    """A run that jobs outlast leaves them to the next, which asks after them, and sends no row of theirs again."""
    connect(desk, vendor, style="jobs", patience_minutes=0.02)
    vendor.polls = 10_000
    desk.put(people(250))
    waiting = run(desk)
    assert (waiting.status, vendor.uploads()) == ("waiting", 250)
    for job in vendor.account.jobs.values():
        job.polls_left = 0
    done = run(desk)
    assert (done.run_id, done.was_resumed, done.status, done.outcomes) == (waiting.run_id, True, "done", {"ok": 250})
    assert vendor.uploads() == 250


class _SlowPeer(Peer):
    """A peer whose jobs answer as they are told to: by an answer, an error, or a failure of the module."""

    def __init__(self, *told: Any) -> None:
        super().__init__(max_rows=10, after=lambda call, batch: Accepted(f"job {call}"))
        self.told = list(told)

    def poll(self, job_id: str, batch: Batch) -> Answer:
        if self.told:
            found = self.told.pop(0)
            if isinstance(found, Exception):
                raise found
            return found  # type: ignore[no-any-return]
        return super().poll(job_id, batch)


def test_a_job_that_refuses_its_batch_is_halved_and_the_halves_are_waited_for(desk: Desk) -> None:
    """Jobs that begin while another is asked after are waited for as well, and none of their rows is sent again."""
    peer = _SlowPeer(BatchRefusedError("A row is wrong.", 422))
    peer.behave = lambda call, batch: BatchRefusedError("No.", 422) if call > 1 and len(batch.rows) > 5 else None
    desk.put(people(10))
    done = desk.run(peer)
    assert (done.status, done.outcomes) == ("done", {"ok": 10})
    assert [len(batch.rows) for batch in peer.calls] == [10, 5, 5]
    assert desk.run(peer).planned == 0
    reconciles(desk)


def test_an_answer_of_a_job_that_is_none_loses_no_row(desk: Desk) -> None:
    """A module that fails while it asks, or answers about other rows, is asked again; nothing is uploaded twice."""
    peer = _SlowPeer(KeyError("anna@company.example"), Answered([]), Answered([RowAnswer(99)]), UnsureError("Lost."))
    desk.put(people(10))
    assert desk.run(peer).outcomes == {"ok": 10}
    assert len(peer.calls) == 1
    assert "anna@" not in str(desk.ledger("select * from sync_batch"))


def test_a_run_that_is_stopped_keeps_its_jobs(desk: Desk) -> None:
    """A door that closes while jobs work stops the run; the next asks after them, and uploads none of theirs."""
    peer = _SlowPeer(NotAllowedError("The token is not valid.", 401))
    desk.put(people(20))
    stopped = desk.run(peer)
    assert (stopped.status, stopped.message, len(peer.calls)) == ("stopped", "The token is not valid.", 2)
    done = desk.run(peer)
    assert (done.run_id, done.status, done.outcomes, len(peer.calls)) == (stopped.run_id, "done", {"ok": 20}, 2)
    reconciles(desk)


def test_events_that_may_have_been_taken_keep_the_key_of_their_batch(desk: Desk) -> None:
    """Answers that are lost until the run gives up are no reason for a new key: a receiver would take both."""
    desk.connection["patience_minutes"] = 0.01
    peer = Peer(DeliveryClass.KEYED_EVENT, max_rows=10, after=lambda call, batch: UnsureError("It was cut."))
    desk.put(people(10))
    assert desk.run(peer, mode="append").status == "stopped"
    peer.after = lambda call, batch: None
    desk.put(people(15))
    assert desk.run(peer, mode="append").outcomes == {"ok": 10}
    assert len({batch.idempotency_key for batch in peer.calls}) == 1
    assert desk.run(peer, mode="append").outcomes == {"ok": 5}
    reconciles(desk)


def test_two_syncs_share_the_rate_of_their_connection(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account-wide limit is kept by two syncs at once, since their connection says how fast it may be asked."""
    monkeypatch.setenv("VENDOR_TOKEN", TOKEN)
    with Vendor(limit=(12, 1.0)) as vendor:
        connect(desk, vendor, rate={"requests": 10, "seconds": 1.1}, concurrency=4, style="jobs")
        desk.put(people(1_000))
        syncs = [replace(desk.sync(), name=name) for name in ("one", "two")]
        started = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda sync: run_sync(desk.settings, sync, requires_green=False), syncs))
        assert [run.outcomes for run in runs] == [{"ok": 1_000}] * 2
        assert vendor.count(429) == 0
        # Twenty uploads, and each job is asked after twice.
        assert len(vendor.seen) >= 60
        assert time.monotonic() - started > 4
        assert vendor.account.people == wanted(people(1_000))


def test_a_limit_that_nobody_declared_is_learned(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a rate the vendor's 429 says how long to wait, to both syncs; nothing is lost or sent twice."""
    monkeypatch.setenv("VENDOR_TOKEN", TOKEN)
    with Vendor(limit=(4, 1.0)) as vendor:
        connect(desk, vendor, concurrency=4)
        desk.put(people(800))
        syncs = [replace(desk.sync(), name=name) for name in ("one", "two")]
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda sync: run_sync(desk.settings, sync, requires_green=False), syncs))
        assert [run.outcomes for run in runs] == [{"ok": 800}] * 2
        assert vendor.uploads() == 1_600
        assert 0 < vendor.count(429) < 40


def test_half_an_hour_of_429_defers_and_loses_nothing(desk: Desk, vendor: Vendor) -> None:
    """A vendor that takes nothing for longer than a run may wait gets the rows from the next run."""
    connect(desk, vendor, patience_minutes=0.03)
    desk.put(people(50))
    assert run(desk).outcomes == {"ok": 50}
    vendor.is_busy, vendor.retry_after = True, 1800
    desk.put(people(120, p1="Köln"))
    busy = run(desk)
    assert (busy.status, busy.outcomes) == ("stopped", {"deferred": 71})
    assert vendor.count(429) <= 2
    vendor.is_busy = False
    # Another process: this one was told to wait for half an hour.
    with child(desk) as later:
        assert later.wait(60) == 0, later.communicate()[1]
    assert vendor.account.people == wanted(people(120, p1="Köln"))
    reconciles(desk)


def test_a_ledger_that_another_process_holds_is_waited_for(desk: Desk, vendor: Vendor) -> None:
    """While another process writes the ledger for some seconds, a run waits and then goes on."""
    connect(desk, vendor)
    desk.put(people(50))
    run(desk)
    desk.put(people(60))
    begun, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with open_ledger(desk.settings) as other, other.store.transaction():
            begun.set()
            let_go.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert begun.wait(10)
    threading.Timer(2.5, let_go.set).start()
    started = time.monotonic()
    assert run(desk).outcomes == {"ok": 10}
    assert time.monotonic() - started > 2
    holder.join()


_ON_A_FULL_DISK = """
import resource, signal, sys
from datetime import UTC, datetime
from orchestration.activation.destinations.protocol import (
    Accepted,
    Answer,
    Answered,
    Batch,
    BatchRefusedError,
    DeliveryClass,
    NotAllowedError,
    RowAnswer,
    UnsureError,
)
from orchestration.activation.engine import run_sync
from orchestration.activation.errors import LedgerError
from orchestration.settings import load_settings
from tests.activation.conftest import sync_of

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
settings = load_settings()
room = int(sys.argv[1])
from orchestration.activation.ledger import Ledger
freeze = Ledger.freeze
def then_full(*values):
    freeze(*values)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
Ledger.freeze = then_full
try:
    run_sync(settings, sync_of(), now=lambda: datetime(2026, 9, 1, 12, tzinfo=UTC), requires_green=False)
except LedgerError as error:
    print(error)
    sys.exit(3)
"""


def test_a_ledger_on_a_full_disk_says_so_and_the_next_run_goes_on(
    make_settings: Callable[..., Settings], tmp_path: Path, vendor: Vendor
) -> None:
    """Where the ledger's file can't grow the run ends with a sentence, and later the plan is sent to its end."""
    desk = Desk(make_settings("duckdb", tmp_path))
    connect(desk, vendor, concurrency=1)
    desk.put(people(1_000))
    environment = environment_of(desk.settings) | {"VENDOR_TOKEN": TOKEN}
    with subprocess.Popen(
        [sys.executable, "-c", _ON_A_FULL_DISK, "700000"], cwd=PROJECT_DIR, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as full:  # fmt: skip
        told, complaint = full.communicate(timeout=120)
    assert full.returncode == 3, complaint
    assert "The ledger can't be used: " in told
    assert "disk" in told
    resumed = run(desk)
    assert (resumed.was_resumed, resumed.outcomes) == (True, {"ok": 1_000})
    assert vendor.account.people == wanted(people(1_000))
    # At most the batch in flight was sent twice.
    assert vendor.uploads() <= 1_100
    reconciles(desk)


def test_two_schedulers_are_one(desk: Desk, vendor: Vendor) -> None:
    """Of two processes that run one sync at once one is refused, and no row is sent twice."""
    connect(desk, vendor, concurrency=1, rate={"requests": 2, "seconds": 1})
    desk.put(people(600))
    first, second = child(desk), child(desk)
    told = [process.communicate(timeout=90)[1] for process in (first, second)]
    codes = [first.returncode, second.returncode]
    assert sorted(codes) == [0, 1], told
    assert "BusySyncError: Sync peer_people is running already" in told[codes.index(1)]
    assert vendor.uploads() == 600
    assert vendor.account.people == wanted(people(600))
    assert outcomes_of(desk) == [("ok", 600)]
    assert run(desk).planned == 0
