"""Every planned row ends with one outcome: told on both ledgers, against a peer that remembers what it received."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from orchestration.activation.destinations.protocol import (
    Accepted,
    Answered,
    Batch,
    BatchRefusedError,
    DeliveryClass,
    NotAllowedError,
    RowAnswer,
    TryLaterError,
    UnsureError,
)
from orchestration.activation.errors import BusySyncError, DeliveryError
from orchestration.activation.ledger import open_ledger
from tests.activation.conftest import Desk, people
from tests.activation.peer import Peer, key_of


def reconciles(desk: Desk) -> None:
    """Every planned row of every ended run has exactly one outcome."""
    for run_id, planned in desk.ledger("select run_id, planned_count from sync_run where ended_at is not null"):
        found = desk.ledger(f"select count(*), count(distinct seq) from sync_result where run_id = '{run_id}'")
        assert found == [(planned, planned)]


def test_differences_are_sent_and_nothing_else(desk: Desk) -> None:
    """Adds, changes and removals arrive; a run that finds nothing new makes no call."""
    peer = Peer()
    desk.put(people(250))
    first = desk.run(peer)
    assert (first.status, first.outcomes) == ("done", {"ok": 250})
    assert len(peer.table) == 250
    assert peer.table["p7@shop.example"] == {"email": "p7@shop.example", "city": "Berlin", "order_count": 7}
    assert len(peer.calls) == 3

    calls = len(peer.calls)
    again = desk.run(peer)
    assert (again.status, again.planned, len(peer.calls)) == ("done", 0, calls)

    desk.put([*people(240, p3="Köln"), ("new", "new@shop.example", None, None)])
    third = desk.run(peer)
    assert (third.counts.added, third.counts.changed, third.counts.removed) == (1, 1, 10)
    assert third.outcomes == {"ok": 12}
    assert peer.table["p3@shop.example"]["city"] == "Köln"
    assert peer.table["new@shop.example"] == {"email": "new@shop.example", "city": None, "order_count": None}
    assert len(peer.table) == 241
    # Removals go first, and not in one batch with the others.
    assert {row.operation for row in peer.calls[calls].rows} == {"remove"}
    reconciles(desk)


def test_what_was_taken_leaves_no_payload(desk: Desk) -> None:
    """Of a row that was taken the ledger keeps key and fingerprint; of one that was not, also what it said."""
    peer = Peer()
    peer.refused = {"p1@shop.example"}
    desk.put(people(3))
    desk.run(peer)
    assert [row[0] for row in desk.ledger("select row_key from sync_plan where payload is not null")] == [
        "p1@shop.example"
    ]


@pytest.mark.parametrize(
    ("mode", "first", "then", "left"),
    [
        ("upsert", {"add": 2}, {"add": 1, "change": 1}, 3),
        ("mirror", {"add": 2}, {"add": 1, "change": 1, "remove": 1}, 2),
        ("audience", {"add": 2}, {"add": 1, "change": 1, "remove": 1}, 2),
        ("insert", {"add": 2}, {"add": 1}, 3),
        ("append", {"add": 2}, {"add": 1}, 3),
        ("update", {"change": 2}, {"change": 2}, 3),
        ("delete", {"remove": 2}, {"remove": 1}, 0),
    ],
)
def test_modes(desk: Desk, mode: str, first: dict[str, int], then: dict[str, int], left: int) -> None:
    """Each mode asks for its operations only, and for none twice."""
    peer = Peer()
    desk.put(people(2))
    guards = {"max_remove_share": 1}
    assert desk.run(peer, mode=mode, guards=guards).outcomes.keys() <= {"ok", "noop"}
    assert Counter(row.operation.value for batch in peer.calls for row in batch.rows) == first
    calls = len(peer.calls)
    desk.put([("p1", "p1@shop.example", "Köln", 1), ("p2", "p2@shop.example", "Berlin", 2)])
    desk.run(peer, mode=mode, guards=guards)
    assert Counter(row.operation.value for batch in peer.calls[calls:] for row in batch.rows) == then
    assert len(peer.table) == left
    calls = len(peer.calls)
    assert desk.run(peer, mode=mode, guards=guards).planned == 0
    assert len(peer.calls) == calls
    reconciles(desk)


def test_only_mapped_columns_count(desk: Desk) -> None:
    """A column that is not sent changes nothing; one that is renamed arrives by its new name."""
    peer = Peer()
    fields = {"email": "EMAIL_ADDRESS", "city": "town"}
    desk.put(people(2))
    desk.run(peer, fields=fields)
    assert peer.table["p1@shop.example"] == {"EMAIL_ADDRESS": "p1@shop.example", "town": "Berlin"}
    desk.put([(one, email, city, count + 1) for one, email, city, count in people(2)])
    assert desk.run(peer, fields=fields).planned == 0


def test_one_bad_row_spoils_nobody_elses(desk: Desk) -> None:
    """A batch that is refused is halved down to the row that spoils it; the others arrive."""
    peer = Peer()
    peer.behave = lambda call, batch: (
        BatchRefusedError("No.", 422) if any(key_of(row) == "p13@shop.example" for row in batch.rows) else None
    )
    desk.put(people(64))
    run = desk.run(peer)
    assert run.outcomes == {"ok": 63, "rejected": 1}
    assert len(peer.table) == 63
    assert len(peer.calls) <= 1 + 2 * 6
    assert desk.ledger("select row_key, code from sync_result where outcome = 'rejected'") == [
        ("p13@shop.example", "422")
    ]
    reconciles(desk)


def test_rejected_rows_are_tried_until_they_are_dead_and_re_armed_by_a_change(desk: Desk) -> None:
    """A rejected row comes again by the next run, an hour, six hours and a day later; then only with other content."""
    peer = Peer()
    peer.refused = {"p0@shop.example"}
    desk.put(people(1))
    for hours in (0, 1, 6, 24):
        assert desk.run(peer).outcomes == {"rejected": 1}
        if hours:
            desk.later(hours=hours, minutes=-1)
            assert desk.run(peer).planned == 0
            desk.later(minutes=2)
    assert desk.run(peer).outcomes == {"rejected": 1}
    desk.later(days=30)
    dead = desk.run(peer)
    assert (dead.planned, dead.counts.waiting) == (0, 1)
    peer.refused = set()
    assert desk.run(peer).planned == 0
    desk.put(people(1, p0="Köln"))
    assert desk.run(peer).outcomes == {"ok": 1}
    assert desk.run(peer).planned == 0
    reconciles(desk)


def test_two_rows_rejected_once_are_not_lost(desk: Desk) -> None:
    """What was rejected once is sent again by the next run, with what it says by then."""
    peer = Peer()
    peer.refused = {"p1@shop.example", "p2@shop.example"}
    desk.put(people(10))
    desk.run(peer)
    peer.refused = set()
    desk.put(people(10, p1="Köln"))
    assert desk.run(peer).outcomes == {"ok": 2}
    assert peer.table["p1@shop.example"]["city"] == "Köln"
    assert len(peer.table) == 10


def test_a_closed_door_blames_no_row(desk: Desk) -> None:
    """Where the destination lets nothing in, the run stops, rows are deferred, and the next run sends them."""
    peer = Peer(max_rows=10, behave=lambda call, batch: NotAllowedError("The token is not valid.", 401))
    desk.put(people(30))
    run = desk.run(peer)
    assert (run.status, run.outcomes, run.message) == ("stopped", {"deferred": 30}, "The token is not valid.")
    assert len(peer.calls) == 1
    peer.behave = lambda call, batch: None
    assert desk.run(peer).outcomes == {"ok": 30}
    reconciles(desk)


def test_a_busy_destination_is_waited_for(desk: Desk) -> None:
    """A destination that asks to wait is asked again when it said, and nothing is sent twice or lost."""
    peer = Peer(max_rows=10)
    peer.behave = lambda call, batch: TryLaterError("Slow down.", 429, after=0.1) if call in (2, 3) else None
    desk.put(people(30))
    assert desk.run(peer).outcomes == {"ok": 30}
    assert len(peer.calls) == 5
    assert {len(rows) for rows in peer.events.values()} == {1}


def test_half_an_hour_of_429_ends_the_run_and_loses_nothing(desk: Desk) -> None:
    """Beyond its patience a run leaves the rest to the next one."""
    peer = Peer(max_rows=10, behave=lambda call, batch: TryLaterError("Slow down.", 429, after=1800))
    desk.put(people(30))
    run = desk.run(peer)
    assert (run.status, run.outcomes) == ("stopped", {"deferred": 30})
    peer.behave = lambda call, batch: None


def test_a_lost_answer_is_sent_again_under_the_same_key(desk: Desk) -> None:
    """Cut after it was taken, a batch of keyed events comes again with the same keys, so that nothing is doubled."""
    peer = Peer(DeliveryClass.KEYED_EVENT, max_rows=10)
    peer.after = lambda call, batch: UnsureError("The connection was cut.") if call == 1 else None
    desk.put(people(20))
    assert desk.run(peer, mode="append").outcomes == {"ok": 20}
    assert [row.idempotency_key for row in peer.calls[0].rows] == [row.idempotency_key for row in peer.calls[1].rows]
    assert len(peer.events) == 20


def test_content_that_returns_is_news(desk: Desk) -> None:
    """From one content to another and back, each time under another key, so that no receiver takes it for a repeat."""
    peer = Peer(DeliveryClass.KEYED_EVENT)
    for city in ("Berlin", "Köln", "Berlin"):
        desk.put(people(1, p0=city))
        assert desk.run(peer, mode="upsert").outcomes == {"ok": 1}
    assert len(peer.events) == 3


def test_keys_that_are_missing_or_shared(desk: Desk) -> None:
    """Rows without a key are invalid, of several with one key the first is sent; neither is told anew each time."""
    peer = Peer()
    desk.put([
        ("a", "one@shop.example", "Berlin", 1), ("b", "one@shop.example", "Köln", 2), ("c", None, "Bonn", 3),
        ("d", "", "Bonn", 4), ("e", "e@shop.example", "Bonn", 5),
    ])  # fmt: skip
    run = desk.run(peer)
    assert run.outcomes == {"ok": 2, "superseded": 1, "invalid": 2}
    assert peer.table["one@shop.example"]["city"] == "Berlin"
    assert desk.run(peer).planned == 0
    reconciles(desk)


def test_what_our_side_knows_to_be_wrong_is_not_sent(desk: Desk) -> None:
    """A row that the destination could not take is invalid, is not sent, and comes again when its content changes."""
    peer = Peer()
    peer.wrong = {"p1@shop.example"}
    desk.put(people(3))
    assert desk.run(peer).outcomes == {"ok": 2, "invalid": 1}
    assert peer.sent_rows == 2
    assert desk.run(peer).planned == 0
    peer.wrong = set()
    desk.put(people(3, p1="Köln"))
    assert desk.run(peer).outcomes == {"ok": 1}


def test_a_guard_holds_a_plan_that_is_too_much(desk: Desk) -> None:
    """Too many removals, or an empty model, send nothing, unless allowed; who took consent back leaves all the same."""
    peer = Peer()
    desk.put(people(10))
    desk.permit([f"p{n}" for n in range(10)])
    desk.run(peer, channel="email")
    desk.put(people(2))
    desk.permit([f"p{n}" for n in range(9)])
    held = desk.run(peer, channel="email")
    assert held.status == "guarded"
    assert "8 of 10 rows would be removed" in (held.message or "")
    assert sorted(peer.table) == sorted(f"p{n}@shop.example" for n in range(9))
    desk.put([])
    desk.permit([])
    empty = desk.run(peer, channel="email")
    assert "is empty" in (empty.message or "")
    assert peer.table == {}, "nobody permits it any more"
    reconciles(desk)


def test_what_is_sent_once_may_have_nothing_to_tell_any_more(desk: Desk) -> None:
    """An empty model of events is no accident: nothing is removed, so no guard closes."""
    peer = Peer()
    desk.put(people(3))
    desk.run(peer, mode="append")
    desk.put([])
    assert (desk.run(peer, mode="append").status, len(peer.table)) == ("done", 3)


def test_an_allowed_plan_goes_through(desk: Desk) -> None:
    """A guard is overridden for one run."""
    peer = Peer()
    desk.put(people(10))
    desk.run(peer)
    desk.put(people(2))
    assert desk.run(peer).status == "guarded"
    assert len(peer.table) == 10
    assert desk.run(peer, allow=True).outcomes == {"ok": 8}
    assert len(peer.table) == 2


def test_jobs_are_asked_after_and_never_uploaded_twice(desk: Desk) -> None:
    """A batch that a job works on is waited for, by this run or the next, and its rows get their own outcomes."""
    peer = Peer(after=lambda call, batch: Accepted(f"job {call}"))
    peer.refused = {"p1@shop.example"}
    peer.polls_needed = 2
    desk.put(people(5))
    assert desk.run(peer).outcomes == {"ok": 4, "rejected": 1}
    assert len(peer.calls) == 1

    peer.refused, peer.polls_needed = set(), 10_000
    desk.connection["patience_minutes"] = 0.01
    waiting = desk.run(peer)
    assert (waiting.status, len(peer.calls)) == ("waiting", 2)
    peer.polls_needed = 0
    resumed = desk.run(peer)
    assert (resumed.run_id, resumed.was_resumed) == (waiting.run_id, True)
    assert (resumed.outcomes, len(peer.calls)) == ({"ok": 1}, 2)
    reconciles(desk)


def test_two_runs_at_once_are_one(desk: Desk) -> None:
    """While a run of a sync lives another is refused."""
    with open_ledger(desk.settings) as ledger:
        lease = ledger.acquire("peer_people")
        with pytest.raises(BusySyncError, match="is running already"):
            desk.run(Peer())
        ledger.release(lease)
    desk.run(Peer())


def test_who_lost_the_lease_writes_no_more(desk: Desk) -> None:
    """A run that slept through the end of its lease finds out at its next write, and its successor goes on."""
    peer = Peer(max_rows=10)

    def overtaken(call: int, batch: Batch) -> None:
        if call == 2:
            with open_ledger(desk.settings) as other:
                other.store.execute("update sync_lease set fence = fence + 1, expires_at = ''")

    peer.behave = overtaken
    desk.put(people(30))
    with pytest.raises(DeliveryError, match="took sync peer_people over"):
        desk.run(peer)
    peer.behave = lambda call, batch: None
    resumed = desk.run(peer)
    assert (resumed.was_resumed, resumed.outcomes) == (True, {"ok": 30})
    assert len(peer.table) == 30
    reconciles(desk)


def test_a_module_that_fails_is_no_row_lost(desk: Desk) -> None:
    """An exception of the destination's own code, or an answer about other rows, counts as an answer that was lost."""
    peer = Peer(max_rows=10)
    told: dict[int, Any] = {1: KeyError("anna@company.example"), 2: Answered([RowAnswer(99_999)]), 3: Answered([])}
    peer.behave = lambda call, batch: told.get(call)
    desk.put(people(10))
    assert desk.run(peer).outcomes == {"ok": 10}
    assert "anna@" not in str(desk.ledger("select message from sync_batch"))


def test_holdouts_stick(desk: Desk) -> None:
    """The same people are held out every time, and through a merge the assignment that was made first."""
    peer = Peer()
    holdout = {"name": "spring", "share": 0.3}
    desk.put(people(1000))
    run = desk.run(peer, holdout=holdout)
    out = {row[0] for row in desk.ledger("select profile_id from holdout_member where is_held_out = 1")}
    assert run.outcomes == {"ok": 1000 - len(out), "held_out": len(out)}
    assert 240 < len(out) < 360
    assert {f"{one}@shop.example" for one in out} & set(peer.table) == set()
    assert desk.run(peer, holdout=holdout).planned == 0
    # Somebody new, who would be in, turns out to have been held out under an earlier id.
    earlier = sorted(out)[0]
    desk.later(days=1)
    inside = next(n for n in range(1000) if f"p{n}" not in out)
    desk.merge({earlier: f"p{inside}"})
    desk.put([row for row in people(1000) if row[0] != earlier])
    assert earlier in out
    followed = desk.run(peer, holdout=holdout)
    both = desk.ledger(
        f"select profile_id, assigned_at from holdout_member where profile_id in ('{earlier}', 'p{inside}')"
    )
    assert len({at for _, at in both}) == 1, "both were assigned at once, so the smaller id decides"
    expected = min(earlier, f"p{inside}") == earlier
    assert (f"p{inside}@shop.example" not in peer.table) == expected
    assert followed.status == "done"
    reconciles(desk)


def test_time_runs_backwards(desk: Desk) -> None:
    """A clock that was set back stops no run and repeats nothing."""
    peer = Peer()
    desk.put(people(5))
    desk.run(peer)
    desk.now -= timedelta(days=400)
    desk.put(people(6))
    assert desk.run(peer).outcomes == {"ok": 1}
    assert desk.run(peer).planned == 0


def test_a_run_knows_what_is_usual(desk: Desk) -> None:
    """The median of what the last runs wanted stands beside what this one wants; on the first nothing is usual."""
    peer = Peer()
    found = []
    for count in (10, 12, 50, 11):
        desk.put(people(count))
        found.append(desk.run(peer, mode="upsert").usually_wanted)
    assert found == [None, 10, 11, 12]
