"""One piece of work of the delivery benchmark, in a process of its own: `python -m tests.benchmarks.delivery_work`.

`draw ROWS`, `change ROWS`, `deliver`, `floor ROWS`, `post PORT`, and `post PORT told` where answers tell of each row;
the environment says where the project is. The last line that it prints is JSON: seconds of `work`, and what else the
piece tells.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.activation.destinations.protocol import Answered, Batch, BatchDestination, Limits
from orchestration.activation.engine import run_sync
from orchestration.activation.ledger import open_ledger
from orchestration.settings import Settings, load_settings
from orchestration.warehouse import open_warehouse
from tests.activation.conftest import sync_of

TABLE = "work_activation.sync_peer__people"
# Rows as they were delivered; and later: 1 % changed, 0.5 % new, 0.5 % gone.
DELIVERED = """
    select
        'profile-' || n as profile_id, 'person.' || n || '@shop.example' as email, 'Berlin' as city,
        cast(n % 100 as bigint) as order_count
    from generate_series(0, {rows} - 1) as numbers(n)"""
LATER = """
    select
        'profile-' || n as profile_id, 'person.' || n || '@shop.example' as email,
        case when n % 100 = 7 then 'Hamburg' else 'Berlin' end as city, cast(n % 100 as bigint) as order_count
    from generate_series(0, cast({rows} * 1.005 as integer) - 1) as numbers(n)
    where n % 200 <> 3 or n >= {rows}"""


class Sink(BatchDestination):
    """Takes everything at once, and counts it."""

    limits = Limits(max_rows=10_000, max_bytes=100_000_000)

    def __init__(self) -> None:
        self.calls = 0
        self.rows = 0

    def send(self, batch: Batch) -> Answered:
        """Take a batch."""
        self.calls += 1
        self.rows += len(batch.rows)
        return Answered.all_ok(batch)


def lay(settings: Settings, sql: str, rows: int) -> dict[str, Any]:
    """Make the model hold these rows."""
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create schema if not exists work_activation")
        warehouse.execute(f"drop table if exists {TABLE}")
        warehouse.execute(f"create table {TABLE} as {sql.format(rows=rows)}")
    return {}


def deliver(settings: Settings) -> dict[str, Any]:
    """Bring a destination in this process to the rows."""
    sink = Sink()
    connect(settings, {"type": "tests.activation.peer"})
    run_sync(settings, sync_of(mode="mirror"), opener=lambda *_: sink, requires_green=False)
    return {"sent": sink.rows, "calls": sink.calls, "planning": planning_seconds(settings)}


def post(settings: Settings, port: int, *, is_told: bool) -> dict[str, Any]:
    """Send the rows to a server; `is_told` says that it answers for each row."""
    connection = {"type": "webhook", "url": f"http://127.0.0.1:{port}/people", "upsert": True, "batching": "batch"}
    answers = {"answers": {"path": "results", "ok_path": "ok", "code_path": "code"}} if is_told else {}
    connect(settings, {**connection, "allowed_private_hosts": ["127.0.0.1"], **answers})
    run = run_sync(settings, sync_of(mode="upsert"), requires_green=False)
    return {"outcomes": run.outcomes, "planning": planning_seconds(settings)}


def floor(folder: Path, memory_limit: str, rows: int) -> float:
    """Seconds of the same full join over two Parquet files, as one query."""
    with duckdb.connect(config={"threads": 2, "memory_limit": memory_limit}) as made:
        for name, sql in (("held", DELIVERED), ("wanted", LATER)):
            made.execute(f"copy ({sql.format(rows=rows)}) to '{folder / name}.parquet' (format parquet)")
    with duckdb.connect(config={"threads": 2, "memory_limit": memory_limit}) as made:
        started = time.perf_counter()
        found = made.execute(f"""
            select count(*)
            from '{folder}/wanted.parquet' as wanted full join '{folder}/held.parquet' as held using (email)
            where (wanted.profile_id, wanted.city, wanted.order_count)
                is distinct from (held.profile_id, held.city, held.order_count)
        """).fetchall()
        seconds = time.perf_counter() - started
        assert found[0][0] == rows // 50, found
    return seconds


def connect(settings: Settings, connection: dict[str, Any]) -> None:
    """Declare the connection of the sync."""
    settings.connections_path.write_text(yaml.safe_dump({"connections": {"peer": connection}}))


def planning_seconds(settings: Settings) -> float:
    """Seconds of the last run until its plan was frozen."""
    with open_ledger(settings) as ledger:
        rows = ledger.store.rows("select started_at, frozen_at from sync_run order by started_at desc limit 1")
    began, frozen = (datetime.fromisoformat(moment) for moment in rows[0])
    return (frozen - began).total_seconds()


def main() -> None:
    """Do one piece of work and tell what it took."""
    settings = load_settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    works: dict[str, Callable[..., dict[str, Any]]] = {
        "draw": lambda rows: lay(settings, DELIVERED, int(rows)),
        "change": lambda rows: lay(settings, LATER, int(rows)),
        "deliver": lambda: deliver(settings),
        "post": lambda port, *told: post(settings, int(port), is_told=bool(told)),
        "floor": lambda rows: {"work": floor(settings.home, settings.memory_limit, int(rows))},
    }
    started = time.perf_counter()
    told = works[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"work": time.perf_counter() - started} | told))  # noqa: T201  # read by who started it


if __name__ == "__main__":
    main()
