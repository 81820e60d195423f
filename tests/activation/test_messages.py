"""Messages happen once: permission at the last moment, caps, quiet hours, and what a crash leaves in doubt."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestration.activation.connections import WrongConnectionError
from orchestration.activation.destinations.protocol import Batch, DeliveryClass, TryLaterError, UnsureError
from orchestration.activation.engine import SyncRun
from tests.activation.conftest import Desk, people
from tests.activation.peer import Peer


def letters(**behaviour: Any) -> Peer:
    """A destination where sending twice is two messages."""
    return Peer(DeliveryClass.SIDE_EFFECT, **behaviour)


@pytest.fixture
def send(desk: Desk) -> Callable[..., SyncRun]:
    """Run the sync as one of messages, three a week at most, none at night."""
    desk.connection |= {"caps": [{"messages": 3, "hours": 168}], "quiet_hours": {"start": 21, "end": 8}}

    def run(peer: Peer, **activation: Any) -> SyncRun:
        return desk.run(peer, mode="append", channel="email", **activation)

    return run


def test_one_message_each(desk: Desk, send: Callable[..., SyncRun]) -> None:
    """Everybody who permits it gets one message, in a batch of their own; the next run sends none."""
    peer = letters()
    desk.put(people(5))
    desk.permit(["p0", "p1", "p2"])
    assert send(peer).outcomes == {"ok": 3, "suppressed": 2}
    assert [len(batch.rows) for batch in peer.calls] == [1, 1, 1]
    assert send(peer).outcomes == {"suppressed": 2}
    assert len(peer.calls) == 3
    desk.permit([f"p{n}" for n in range(5)])
    assert send(peer).outcomes == {"ok": 2}


def test_permission_is_asked_when_the_message_leaves(desk: Desk, send: Callable[..., SyncRun]) -> None:
    """Who takes consent back while messages go out gets none."""
    peer = letters()
    desk.put(people(3))
    desk.permit(["p0", "p1", "p2"])

    def withdrawn(call: int, batch: Batch) -> None:
        if call == 1:
            desk.permit(["p0", "p1"])

    peer.behave = withdrawn
    assert send(peer).outcomes == {"ok": 2, "suppressed": 1}
    assert sorted(peer.table) == ["p0@shop.example", "p1@shop.example"]


def test_caps_count_over_all_syncs(desk: Desk, send: Callable[..., SyncRun]) -> None:
    """Beyond three messages a week a row is capped; a week later it goes out."""
    peer = letters()
    desk.put([("p0", f"p0+{n}@shop.example", None, n) for n in range(5)])
    desk.permit(["p0"])
    assert send(peer).outcomes == {"ok": 3, "capped": 2}
    assert send(peer).outcomes == {"capped": 2}
    desk.later(days=8)
    assert send(peer).outcomes == {"ok": 2}


def test_nobody_is_woken(desk: Desk, send: Callable[..., SyncRun]) -> None:
    """At night in the person's country, or in a part of it, a message waits; elsewhere it leaves."""
    peer = letters()
    desk.put(people(4))
    # At noon in UTC it is 21 o'clock in Japan, 4 or 5 in the west of the United States, 14 in Germany.
    desk.permit(["p0", "p1", "p2", "p3"], {"p0": "JP", "p1": "US", "p2": "DE"})
    run = send(peer)
    assert run.outcomes == {"ok": 2, "deferred": 2}
    assert sorted(peer.table) == ["p2@shop.example", "p3@shop.example"]
    assert {row[0] for row in desk.ledger("select code from sync_result where outcome = 'deferred'")} == {"quiet_hours"}
    desk.later(hours=6)
    assert send(peer).outcomes == {"ok": 1, "deferred": 1}
    assert "p1@shop.example" in peer.table


@pytest.mark.parametrize("missing", ["caps", "quiet_hours"])
def test_messages_need_their_rules(desk: Desk, send: Callable[..., SyncRun], missing: str) -> None:
    """A connection for messages without caps or quiet hours, or a sync without a channel, is refused."""
    peer = letters()
    desk.put(people(1))
    desk.permit(["p0"])
    with pytest.raises(WrongConnectionError, match="says no channel"):
        desk.run(peer, mode="append")
    del desk.connection[missing]
    with pytest.raises(WrongConnectionError, match="must say how often a person may be contacted and when not"):
        send(peer)
    assert peer.calls == []


def test_in_doubt_a_message_is_held(desk: Desk, send: Callable[..., SyncRun]) -> None:
    """A message whose answer was lost is not sent again; it is ambiguous until somebody says what happened."""
    peer = letters(after=lambda call, batch: UnsureError("The connection was cut.") if call == 1 else None)
    desk.put(people(2))
    desk.permit(["p0", "p1"])
    assert send(peer).outcomes == {"ok": 1, "ambiguous": 1}
    assert send(peer).planned == 0
    assert len(peer.calls) == 2


def test_in_doubt_a_message_is_asked_after(desk: Desk, send: Callable[..., SyncRun]) -> None:
    """Where the destination can tell, what it has is not sent again, and what it hasn't is."""
    peer = letters()
    peer.after = lambda call, batch: UnsureError("Cut after it was taken.") if call == 1 else None
    peer.behave = lambda call, batch: UnsureError("Cut before it was taken.") if call == 2 else None
    desk.put(people(3))
    desk.permit(["p0", "p1", "p2"])
    assert send(peer, on_ambiguous="reconcile").outcomes == {"ok": 3}
    assert {len(letters) for letters in peer.events.values()} == {1}
    assert len(peer.calls) == 4


def test_in_doubt_a_message_is_sent_again_if_that_is_wanted(desk: Desk, send: Callable[..., SyncRun]) -> None:
    """Who would rather say it twice than never says so."""
    peer = letters(after=lambda call, batch: UnsureError("The connection was cut.") if call == 1 else None)
    desk.put(people(1))
    desk.permit(["p0"])
    assert send(peer, on_ambiguous="resend").outcomes == {"ok": 1}
    assert len(peer.calls) == 2


def test_what_was_not_taken_is_no_contact(desk: Desk, send: Callable[..., SyncRun]) -> None:
    """A message that a busy destination didn't take doesn't count for the caps."""
    peer = letters(behave=lambda call, batch: TryLaterError("Later.", 421, after=0.05) if call < 5 else None)
    desk.put([("p0", f"p0+{n}@shop.example", None, n) for n in range(3)])
    desk.permit(["p0"])
    assert send(peer).outcomes == {"ok": 3}
    assert desk.ledger("select count(*) from contact_log") == [(3,)]
