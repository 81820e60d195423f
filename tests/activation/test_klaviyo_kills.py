"""Runs with Klaviyo that are killed: the next process asks after what is worked on, and nothing is lost or doubled."""

import json
import subprocess
import sys
from typing import Any

import pytest

from orchestration.settings import PROJECT_DIR
from tests.activation.conftest import Desk, people
from tests.activation.klaviyo_bench import members_of
from tests.activation.klaviyo_peer import KEY, KlaviyoPeer
from tests.activation.test_engine import reconciles
from tests.activation.test_klaviyo_engine import EVENTS, PROFILES, VIP, connect, file_desk, held, peer, run, uploads
from tests.conftest import environment_of

# Fixtures of the neighbour.
__all__ = ["file_desk", "peer"]

# A run in a process of its own, in small jobs, that kills itself at a step; it logs everything.
_KILLED = """
import logging, sys
logging.basicConfig(level=logging.DEBUG)
from orchestration.activation.destinations import klaviyo_events, klaviyo_lists, klaviyo_profiles
from orchestration.activation.destinations.protocol import Limits
from orchestration.activation.ledger.batches import Batches
from tests.activation import killed_run
from tests.activation.klaviyo_bench import klaviyo_sync
kind = sys.argv.pop()
place = {"Profiles": klaviyo_profiles, "ListMembers": klaviyo_lists, "Events": klaviyo_events}[kind]
klaviyo_profiles.IMPORT_LIMITS = klaviyo_lists.ListMembers.limits = Limits(100, 4_000_000, 100_000)
killed_run.sync_of = klaviyo_sync
killed_run.CALLS |= {"accept": (Batches, "accept"), "send": (getattr(place, kind), "send")}
killed_run.main()
"""


def child(desk: Desk, kind: str, step: str = "none", number: int = 1, **activation: Any) -> tuple[int, str]:
    """Run it in a process of its own; how it ended, and everything that it said."""
    command = [sys.executable, "-c", _KILLED, step, str(number), json.dumps(activation), kind]
    environment = environment_of(desk.settings) | {"KLAVIYO_KEY": KEY}
    done = subprocess.run(
        command, cwd=PROJECT_DIR, env=environment, text=True, capture_output=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("step", "number", "again"),
    [
        ("after claim", 1, 0), ("before accept", 2, 100), ("after accept", 2, 0), ("before record", 1, 0),
        ("after record", 1, 0),
    ],
)  # fmt: skip
def test_jobs_survive_a_kill(file_desk: Desk, peer: KlaviyoPeer, step: str, number: int, again: int) -> None:
    """Killed at a step, another process asks after the jobs, and uploads nothing whose job is written down."""
    connect(file_desk, peer, concurrency=1)
    file_desk.put(people(300, p5="UNFIT"))
    fields = {"email": "email", "city": "first_name", "order_count": "order_count"}
    killed, said = child(file_desk, "Profiles", step, number, **PROFILES, fields=fields)
    assert killed == -9, said
    assert run(file_desk, **PROFILES, fields=fields).status == "done"
    outcomes = sorted(file_desk.ledger("select outcome, count(*) from sync_result group by outcome"))
    assert outcomes == [("ok", 299), ("rejected", 1)]
    assert uploads(peer) == 300 + again
    assert held(peer) == {
        email: {"order_count": count} for _, email, _, count in people(300) if email != "p5@shop.example"
    }
    reconciles(file_desk)


@pytest.mark.parametrize("step", ["after claim", "after send", "after record"])
def test_events_survive_a_kill(file_desk: Desk, peer: KlaviyoPeer, step: str) -> None:
    """Killed at a step, no event is lost, none counts twice, and at most the one under way is sent again."""
    connect(file_desk, peer, concurrency=1)
    file_desk.put(people(20))
    killed, said = child(file_desk, "Events", step, 7, **EVENTS)
    assert killed == -9, said
    # What the model says meanwhile is no reason for another event of the same row.
    file_desk.put(people(20, **{f"p{n}": "Köln" for n in range(20)}))
    assert run(file_desk, **EVENTS).status == "done"
    assert sorted(one["value"] for one in peer.account.events.values()) == list(range(20))
    twice = [count for count in peer.account.event_arrivals.values() if count > 1]
    assert twice == ([2] if step == "after send" else [])
    reconciles(file_desk)


def test_a_list_survives_a_kill(file_desk: Desk, peer: KlaviyoPeer) -> None:
    """Killed while people are taken off a list, the next process takes them off, and the list is as the model."""
    connect(file_desk, peer, concurrency=1)
    file_desk.put(people(60))
    assert run(file_desk, **VIP).outcomes == {"ok": 60}
    file_desk.put(people(45))
    killed, said = child(file_desk, "ListMembers", "after send", 1, **VIP)
    assert killed == -9, said
    assert run(file_desk, **VIP).status == "done"
    assert {one["email"] for one in members_of(peer.account)} == {email for _, email, _, _ in people(45)}
    reconciles(file_desk)


def test_the_key_is_found_nowhere(file_desk: Desk, peer: KlaviyoPeer) -> None:
    """With everything logged, and rows refused, the key stands in no output and no file of the project."""
    connect(file_desk, peer)
    file_desk.put(people(10, p3="REFUSED", p4="UNFIT"))
    ended, said = child(file_desk, "Profiles", **PROFILES, fields={"email": "email", "city": "first_name"})
    assert ended == 0, said
    assert "DEBUG" in said
    assert KEY not in said
    found = [
        path for path in file_desk.settings.home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()
    ]
    assert not found
