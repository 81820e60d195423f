"""Deliveries against drt, the best open tool: `uv run --group benchmarks python tests/benchmarks/delivery_drt.py`.

One table in Postgres, and one HTTP server that records what it really receives. drt is measured in three ways: as it
comes, row by row; with all that it offers against loss and doubles (its ledger of what was delivered and the key of
each request, both by the row's content since the table has no time of change, and its dead letters), row by row; and so
in batches of 100, which is how ours sends. Its rate of 10 requests a second is lifted, and it skips a failed row rather
than stop. Rows are counted as the server saw them. A row alone is refused with a 422, one of a batch inside a 207.
"""

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from orchestration.settings import Settings
from orchestration.warehouse import open_warehouse
from tests.activation.http_peer import HttpPeer, Received, Reply, rows_of
from tests.benchmarks.delivery_work import DELIVERED, TABLE, lay
from tests.benchmarks.drt_stage import databases, run_tool, write_drt

ROWS, KILLED_AT = 2_000, 777
REFUSED = ("person.500@", "person.1500@")
CHANGED = f"update {TABLE} set city = {{}} where order_count = 7"
CONTENT = "{{ row.email }}|{{ row.city }}|{{ row.order_count }}"
WAYS = ("drt as it comes", "drt with its ledger", "drt with its ledger, batches", "ours")


@dataclass
class Receiver:
    """What the server saw: rows by address, as they arrived and as one who honours keys counts them.

    It refuses some once, and may kill who sends.
    """

    arrived: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    cities: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    refuses: set[str] = field(default_factory=set)
    victim: subprocess.Popen[str] | None = None
    first: float = 0.0
    last: float = 0.0

    def answer(self, request: Received) -> Reply:
        """Take the rows of a request, and say of each whether it was taken."""
        self.first, self.last = self.first or request.at, request.at
        rows = rows_of(request)
        results = [self._take(row) for row in rows]
        if request.key is None or request.key not in self.keys:
            self.counted.update(row["email"] for row in rows)
            self.keys |= {request.key} - {None}
        if self.victim and self.arrived.total() >= KILLED_AT:
            self.victim.kill()
            self.victim = None
        if isinstance(request.json, dict) and "email" in request.json:
            return Reply(200 if results[0]["ok"] else 422, body=results[0])
        return Reply(200 if all(result["ok"] for result in results) else 207, body={"results": results})

    def _take(self, row: dict[str, Any]) -> dict[str, Any]:
        email = row["email"]
        if refused := next((text for text in self.refuses if email.startswith(text)), None):
            self.refuses.remove(refused)
            return {"ok": False, "code": "REFUSED"}
        self.arrived[email] += 1
        self.cities[email] = row["city"]
        return {"ok": True}


@dataclass(frozen=True)
class Stage:
    """One tool set up on the table in one way: `command` runs it once, in `folder`."""

    way: str
    settings: Settings
    folder: Path
    receiver: Receiver
    port: int

    def run(self, *, dies: bool = False) -> float:
        """Run the tool to its end, or until the server kills it; seconds."""
        ours = (sys.executable, "-m", "tests.benchmarks.delivery_work", "post", str(self.port), "told")
        drt = (str(Path(sys.executable).with_name("drt")), "run")
        is_ours = self.way == "ours"
        return run_tool(
            ours if is_ours else drt, self.settings, self.folder,
            lambda process: setattr(self.receiver, "victim", process), is_ours=is_ours, dies=dies,
        )  # fmt: skip

    def change(self, city: str) -> None:
        """Give 1 % of the rows another city."""
        with open_warehouse(self.settings) as warehouse:
            warehouse.execute(CHANGED.format(f"'{city}'"))


def first_run(stage: Stage) -> tuple[str, ...]:
    """All rows are new."""
    seconds = stage.run()
    assert stage.receiver.arrived.total() == ROWS, stage.receiver.arrived.total()
    return f"{seconds:.1f} s", f"{ROWS / (stage.receiver.last - stage.receiver.first):,.0f}"


def unchanged(stage: Stage) -> tuple[str, ...]:
    """Nothing changed since."""
    stage.run()
    stage.receiver.arrived.clear()
    stage.run()
    return (f"{stage.receiver.arrived.total():,}",)


def killed(stage: Stage) -> tuple[str, ...]:
    """Killed in the middle, and run again."""
    stage.run(dies=True)
    stage.run()
    twice, counted = (sum(found.values()) - ROWS for found in (stage.receiver.arrived, stage.receiver.counted))
    return f"{twice:,}", f"{counted:,}", f"{ROWS - len(stage.receiver.arrived):,}"


def refused(stage: Stage) -> tuple[str, ...]:
    """Two rows are refused once; after two more runs they are there or lost."""
    stage.receiver.refuses.update(REFUSED)
    for _ in range(3):
        stage.run()
    return f"{ROWS - len(stage.receiver.arrived):,}", f"{stage.receiver.arrived.total():,}"


def changed_back(stage: Stage) -> tuple[str, ...]:
    """Some rows change and change back."""
    stage.run()
    for city in ("Hamburg", "Berlin"):
        stage.change(city)
        stage.run()
    return (f"{sum(city != 'Berlin' for city in stage.receiver.cities.values()):,}",)


CASES: dict[Callable[[Stage], tuple[str, ...]], tuple[str, ...]] = {
    first_run: ("first run of 2,000 rows, whole process", "rows/s that the server saw"),
    unchanged: ("unchanged, run again: rows sent again",),
    killed: ("kill -9 at row 777, run again: rows sent twice", "of them under another key", "rows lost"),
    refused: ("two rows refused once, run twice more: lost", "rows sent in all"),
    changed_back: ("20 rows change and change back: wrong at the end",),
}


def set_up(way: str, settings: Settings, folder: Path, port: int) -> None:
    """Write the files of a tool."""
    if way == "ours":
        return
    has_ledger, is_batch = way != WAYS[0], way == WAYS[2]
    destination: dict[str, Any] = {"type": "rest_api", "url": f"http://127.0.0.1:{port}/people", "method": "POST"}
    destination |= {"headers": {"Content-Type": "application/json"}}
    options: dict[str, Any] = {"mode": "full", "on_error": "skip", "rate_limit": {"requests_per_second": 1e9}}
    if is_batch:
        destination |= {"body_mode": "batch", "batch_template": '{"rows": {{ rows | tojson_safe }}}'}
    if has_ledger:
        destination |= {"native_idempotency_key": "{{ request_id }}" if is_batch else CONTENT}
        options |= {"idempotency_key": CONTENT, "dlq": {"enabled": True}}
    model = f"select profile_id, email, city, order_count from {TABLE} order by email"
    write_drt(folder, settings, model, destination, options, has_ledger=has_ledger)


@contextmanager
def stages(way: str, make: Callable[[], tuple[Settings, Path]]) -> Iterator[Stage]:
    """A tool on an untouched table, in a new database, with a new server."""
    settings, folder = make()
    lay(settings, DELIVERED, ROWS)
    receiver = Receiver()
    with HttpPeer(always=receiver.answer) as peer:
        set_up(way, settings, folder, peer.port)
        yield Stage(way, settings, folder, receiver, peer.port)


def main() -> None:
    """Run every case on every tool and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    found: dict[str, list[str]] = {}
    with databases() as make:
        for way in WAYS:
            for case, names in CASES.items():
                with stages(way, make) as one:
                    for name, told in zip(names, case(one), strict=True):
                        found.setdefault(name, []).append(told)
    table = Table("case", *WAYS)
    for name, told in found.items():
        table.add_row(name, *told)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
