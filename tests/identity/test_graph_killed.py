"""Another order of arrival, and a kill in the middle of the components: the people are the same in the end."""

import random
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest

from orchestration.settings import Settings
from tests.conftest import SettingsFactory, make_settings
from tests.dbt_commands import start_dbt
from tests.identity.graph_history import LAST, SECRET, History
from tests.identity.graph_rows import RUNS, World
from tests.identity.graph_world import LOG, QUICK, Lab, Snapshot

SECONDS = 120.0
# Who they are depends on what landed when: the links of the newest load are held back.
BY_ARRIVAL = "giant"


@dataclass(repr=False)
class Arrival:
    """The worlds in another order: after half of the rows, after a kill and a build, and after that build alone."""

    half: Snapshot
    killed: Snapshot
    undisturbed: Snapshot


def arrive(settings: Settings, worlds: list[World], save: Callable[[], Callable[[], None]]) -> Arrival:
    """Land the rows in two halves of any order; `save` keeps the warehouse and gives what brings it back."""
    rows = [row for world in worlds for row in world.rows_at(LAST)]
    random.Random(20_260_305).shuffle(rows)
    lab, before, clock = Lab(settings), RUNS[LAST] - timedelta(days=1), RUNS[LAST]
    lab.put(rows[::2], loaded_at=before)
    lab.build(before)
    half = lab.read(before, LOG)
    lab.put(rows[1::2], loaded_at=clock)
    restore = save()
    kill_inside_the_loop(lab)
    lab.build(clock, tested=True)
    killed = lab.read(clock, LOG)
    restore()
    lab.build(clock)
    return Arrival(half, killed, lab.read(clock, LOG))


def kill_inside_the_loop(lab: Lab) -> None:
    """SIGKILL dbt as soon as its log tells of a round of the components."""
    folder = lab.settings.home / "killed"
    folder.mkdir()
    chosen = ("run", *QUICK, "--quiet", "--vars", lab.variables)
    process = start_dbt(lab.environment(RUNS[LAST]), *chosen, target_path=folder, answer=folder)
    log, deadline = folder / "dbt.log", time.monotonic() + SECONDS
    while process.is_alive() and time.monotonic() < deadline:
        if log.exists() and "connected_components: round" in log.read_text(errors="replace"):
            break
        time.sleep(0.005)
    was_running = process.is_alive()
    process.kill()
    process.join(30)
    assert was_running, "dbt was over before a round of the components"


def keep_file(settings: Settings) -> Callable[[], None]:
    """Copy a DuckDB warehouse; what is given back puts the copy in its place."""
    copy = settings.home / "copy.duckdb"
    shutil.copy(settings.warehouse_path, copy)

    def restore() -> None:
        settings.warehouse_path.with_suffix(".duckdb.wal").unlink(missing_ok=True)
        copy.replace(settings.warehouse_path)

    return restore


def keep_database(settings: Settings) -> Callable[[], None]:
    """Copy a Postgres database; what is given back puts the copy in its place."""
    import adbc_driver_postgresql.dbapi as adbc

    name, copy = settings.postgres_dbname, f"{settings.postgres_dbname}_copy"

    def run(*statements: str) -> None:
        uri = f"host='{settings.postgres_host}' user=postgres dbname=postgres"
        with adbc.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    run(f"create database {copy} template {name}")
    return lambda: run(f"drop database {name} with (force)", f"alter database {copy} rename to {name}")


@pytest.fixture(scope="module")
def arrivals(
    histories: dict[str, History], tmp_path_factory: pytest.TempPathFactory, postgres_settings_factory: SettingsFactory
) -> dict[str, Arrival]:
    """Engine to the arrival in another order, both at once."""
    duckdb = make_settings("duckdb", tmp_path_factory.mktemp("arrival_duckdb"), secret=SECRET)
    postgres = postgres_settings_factory(tmp_path_factory.mktemp("arrival_postgres"), secret=SECRET)
    worlds = list(histories["duckdb"].worlds.values())
    with ThreadPoolExecutor(2) as pool:
        on_duckdb = pool.submit(arrive, duckdb, worlds, lambda: keep_file(duckdb))
        on_postgres = pool.submit(arrive, postgres, worlds, lambda: keep_database(postgres))
        return {"duckdb": on_duckdb.result(), "postgres": on_postgres.result()}


@pytest.fixture(params=["duckdb", "postgres"])
def arrival(request: pytest.FixtureRequest, arrivals: dict[str, Arrival]) -> Arrival:
    """The arrival on one engine."""
    return arrivals[request.param]


def test_order_of_arrival(arrival: Arrival, histories: dict[str, History]) -> None:
    """The same records, in whichever order and portions they arrived, make the same people and the same links."""
    history = histories["duckdb"]
    giant = history.worlds[BY_ARRIVAL]
    expected = {group for group in history.runs[LAST].groups if not any(giant.owns(one) for one in group)}
    found = {group for group in arrival.undisturbed.groups if not any(giant.owns(one) for one in group)}
    assert found == expected
    ours, theirs = (
        {pair: reason for pair, reason in snapshot.links.items() if not giant.owns(snapshot.identifiers[pair[0]])}
        for snapshot in (arrival.undisturbed, history.runs[LAST])
    )
    assert ours == theirs


def test_kill_inside_the_loop(arrival: Arrival) -> None:
    """kill -9 in a round of the components, then a build: every table as if nobody had disturbed it."""
    assert not arrival.killed.failed_tests
    for table, rows in arrival.undisturbed.tables.items():
        found, expected = (
            sorted(repr({name: value for name, value in row.items() if name != "run_id"}) for row in some)
            for some in (arrival.killed.tables[table], rows)
        )
        assert found == expected, table


def test_halves(arrival: Arrival) -> None:
    """The second half of the records leaves whom it says nothing about alone: same people, same id."""
    for group in arrival.half.groups & arrival.undisturbed.groups:
        one = next(iter(group))
        assert arrival.half.profiles[one] == arrival.undisturbed.profiles[one], sorted(group)
