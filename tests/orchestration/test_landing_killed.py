"""Killed at any moment, landing goes on where it stopped: nothing is missing and nothing lands twice."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest

from orchestration.landing import load_contract
from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from tests.conftest import LandingFolder, SettingsFactory, environment_of

FILES = 40

CHILD = """
from orchestration.landing import land, load_contract
from orchestration.progress import listening
from orchestration.settings import load_settings
from orchestration.warehouse import open_warehouse

settings = load_settings()
with open_warehouse(settings) as warehouse, listening(lambda said: print(said.done, flush=True)):
    land(settings, warehouse, load_contract())
"""


def put_files(landing: LandingFolder) -> None:
    """Files of every format with sound and broken lines, new columns, and types that differ."""
    for number in range(FILES // 2):
        lines = [f"{number}-{row},Ada,{row}" for row in range(200)]
        lines[number] = "torn"
        landing.put(f"crm/contacts/{number:02}.csv", "\n".join([f"contact_id,first_name,new_{number % 5}", *lines]))
        events = [json.dumps({"message_id": f"{number}-{row}", "context": {"n": row}}) for row in range(2000)]
        landing.put(f"events/events/{number:02}.jsonl", "\n".join([*events, "{torn"]))


def everything(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """All rows that landing wrote, sorted."""
    tables = [f"{table.schema}.{table.table}" for table in load_contract()]
    tables += ["raw_onefolk.files", "raw_onefolk.rejected_lines", "raw_onefolk.identifier_salt"]
    with open_warehouse(settings) as warehouse:
        rows = {table: warehouse.rows(f"select * from {table}") for table in tables}
    return {table: sorted(found, key=repr) for table, found in rows.items()}


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_killed_landing_ends_as_an_undisturbed_one(make_settings: SettingsFactory, target: str) -> None:
    """After any number of kill -9 in the middle, one more run leaves the tables of an undisturbed run."""
    secret = "a secret of the tests"
    disturbed = LandingFolder(make_settings(target, secret=secret))
    put_files(disturbed)
    chance = random.Random(7)
    kills = 0
    for _ in range(6):
        command = [sys.executable, "-c", CHILD]
        with subprocess.Popen(command, env=environment_of(disturbed.settings), stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for _ in range(chance.randint(1, 9)):
                child.stdout.readline()
            time.sleep(chance.random() * 0.05)
            child.send_signal(signal.SIGKILL)
        kills += child.returncode == -signal.SIGKILL
    landed = disturbed.rows("select count(*) from raw_onefolk.files")[0][0]
    assert kills >= 3
    assert 0 < landed < FILES
    report = disturbed.land()
    assert report.files == FILES - landed
    undisturbed = LandingFolder(
        make_settings(
            target, landing=disturbed.settings.landing_dir, home=disturbed.settings.home / "undisturbed", secret=secret
        )
    )
    assert undisturbed.land().files == FILES
    assert everything(disturbed.settings) == everything(undisturbed.settings)


@pytest.mark.parametrize("target", ["postgres"])
def test_two_landings_at_once_land_each_file_once(make_settings: SettingsFactory, target: str) -> None:
    """On Postgres a second landing waits for the first, and finds nothing left to do."""
    landing = LandingFolder(make_settings(target))
    put_files(landing)
    command = [sys.executable, "-c", CHILD]
    children = [
        subprocess.Popen(command, env=environment_of(landing.settings), stdout=subprocess.DEVNULL) for _ in range(2)
    ]
    assert [child.wait() for child in children] == [0, 0]
    rows = landing.rows("select count(*), count(distinct message_id) from raw_events.events")
    assert rows == [(FILES // 2 * 2000, FILES // 2 * 2000)]
